#include "load/delivery_reader.hpp"

#include <algorithm>
#include <charconv>

#include "load/requests.hpp"

namespace mythos::bench {

namespace {
constexpr std::string_view kName = R"("n":)";
}

bool DeliveryReader::learn(std::string_view message) {
    const std::size_t name = message.rfind(kName);
    if (name == std::string_view::npos) return false;
    const std::size_t quote = message.find('"', name + kName.size());
    if (quote == std::string_view::npos || message.size() - quote < kNumberDigits + 2) return false;
    name_from_end_ = message.size() - name;
    digits_from_end_ = message.size() - quote - 1;
    return true;
}

std::optional<std::uint64_t> DeliveryReader::number(std::string_view message) {
    const bool known = name_from_end_ != 0 && message.size() > name_from_end_ &&
                       message.substr(message.size() - name_from_end_, kName.size()) == kName;
    if (!known && !learn(message)) return std::nullopt;
    const char* digits = message.data() + message.size() - digits_from_end_;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits, digits + kNumberDigits, number);
    if (error != std::errc{} || end != digits + kNumberDigits) return std::nullopt;
    return number;
}

std::string_view entry_id(std::string_view message) {
    constexpr std::string_view kId = R"("id":")";
    const std::size_t name = message.find(kId);
    if (name == std::string_view::npos) return {};
    const std::size_t begin = name + kId.size();
    return message.substr(begin, message.find('"', begin) - begin);
}

std::uint64_t entry_position(std::string_view message) {
    const std::string_view id = entry_id(message);
    const std::size_t dash = id.rfind('-');
    if (dash == std::string_view::npos) return 0;
    std::uint64_t position = 0;
    std::from_chars(id.data() + dash + 1, id.data() + id.size(), position);
    return position;
}

void SequenceCheck::see(std::uint64_t number, std::uint64_t position) {
    if (position != 0) {
        if (position <= last_position_) ++id_disorder_;
        last_position_ = std::max(last_position_, position);
    }
    if (number < expected_) {
        ++repeated_;
        return;
    }
    lost_ += number - expected_;
    expected_ = number + 1;
}

void SequenceCheck::finish(std::uint64_t end) {
    if (end <= expected_) return;
    lost_ += end - expected_;
    expected_ = end;
}

}  // namespace mythos::bench
