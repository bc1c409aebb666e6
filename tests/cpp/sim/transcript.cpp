#include "sim/transcript.hpp"

#include <cstdlib>

namespace mythos::sim {

std::optional<Position> read_position(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos || dash == 0 || dash + 1 == text.size()) return std::nullopt;
    Position out{std::string(text.substr(0, dash)), 0};
    for (const char c : text.substr(dash + 1)) {
        if (c < '0' || c > '9') return std::nullopt;
        out.seq = out.seq * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return out;
}

std::string show(const Position& position) { return position.epoch + "-" + std::to_string(position.seq); }

std::string show(const std::optional<Position>& position) { return position ? show(*position) : "null"; }

}  // namespace mythos::sim
