#include "store/wall_text.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace mythos::store {

namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kMsPerDay = 86'400'000;

std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits) {
    if (at + digits > text.size()) return std::nullopt;
    int value = 0;
    const char* const end = text.data() + at + digits;
    const auto [stop, error] = std::from_chars(text.data() + at, end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

}  // namespace

std::string wall_text(WallTime t) {
    std::int64_t ms = t.ns / kNsPerMs;
    std::int64_t days = ms / kMsPerDay;
    ms %= kMsPerDay;
    if (ms < 0) ms += kMsPerDay, --days;
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
    const int second = static_cast<int>(ms / 1'000);
    char text[64];
    const int size =
        std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d.%03d+00:00", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second / 3'600,
                      second / 60 % 60, second % 60, static_cast<int>(ms % 1'000));
    return {text, static_cast<std::size_t>(size)};
}

std::optional<WallTime> parse_wall_text(std::string_view text) {
    const auto year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
    const auto hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    std::int64_t ns = std::chrono::sys_days{date}.time_since_epoch().count() * kMsPerDay * kNsPerMs;
    ns += ((*hour * 60 + *minute) * 60LL + *second) * 1'000'000'000LL;
    std::string_view rest = text.substr(19);
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        for (std::int64_t unit = 100'000'000; unit > 0 && !rest.empty() && rest[0] >= '0' && rest[0] <= '9';
             unit /= 10) {
            ns += (rest[0] - '0') * unit;
            rest.remove_prefix(1);
        }
    }
    if (rest != "+00" && rest != "+00:00") return std::nullopt;
    return WallTime{ns};
}

}  // namespace mythos::store
