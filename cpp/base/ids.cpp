#include "base/ids.hpp"

#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace mythos {

std::string format_cursor(std::string_view epoch, Seq seq) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, seq).ptr;
    std::string out;
    out.reserve(epoch.size() + 1 + static_cast<std::size_t>(end - digits));
    out.append(epoch).push_back('-');
    out.append(digits, end);
    return out;
}

std::optional<Cursor> parse_cursor(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos || dash == 0 || dash > 16) return std::nullopt;
    const auto epoch = text.substr(0, dash);
    const auto digits = text.substr(dash + 1);
    const auto is_epoch_char = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); };
    if (!std::all_of(epoch.begin(), epoch.end(), is_epoch_char)) return std::nullopt;
    if (digits.empty() || digits.size() > 19 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
    Seq seq = 0;
    const auto [ptr, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), seq);
    if (ec != std::errc{} || ptr != digits.data() + digits.size() || seq >> 63) return std::nullopt;
    return Cursor{std::string(epoch), seq};
}

bool is_valid_name(std::string_view text, std::size_t max_length) {
    if (text.empty() || text.size() > max_length) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
               c == ':' || c == '@' || c == '-';
    });
}

std::string random_name(std::string_view prefix, int bits) {
    static constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    unsigned char raw[32];
    const int length = bits / 5;
    if (length < 1 || length > 32 || getrandom(raw, static_cast<std::size_t>(length), 0) != length) std::abort();
    std::string out(prefix);
    for (int i = 0; i < length; ++i) out.push_back(kAlphabet[raw[i] & 31]);
    return out;
}

}  // namespace mythos
