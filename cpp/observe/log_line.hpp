// One log line: a level, a logger's name, an event and typed fields become one JSON object or one line for people.
//
// JSON lines have the keys `timestamp` (ISO 8601, UTC, microseconds, Z), `level` (lower case), `logger` and `event`,
// then the fields in the order given. A field's key is a literal of ours, unlike those four, unit last (`rtt_ms`).
// Text that came from outside cannot break a line: it is escaped, cut at kLogTextBytesMax, and what is not UTF-8
// becomes U+FFFD. In a line for people the text under `exception` follows on lines of its own.
//
// Pure functions; any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace mythos::observe {

enum class Level : std::uint8_t { debug, info, warning, error, critical };
inline constexpr std::size_t kLevels = 5;
enum class LogFormat : std::uint8_t { json, console };

std::string_view name_of(Level level);
// The level of that name in any case (`INFO`, `info`).
std::optional<Level> parse_level(std::string_view name);

// A value that is JSON already, whatever its length; the caller answers for it.
struct Json {
    std::string_view text;
};

// A typed value under a key. Borrows its texts: it lives no longer than the call that logs it.
class Field {
public:
    using Value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view, Json>;

    Field(std::string_view key, bool value) : key(key), value(value) {}
    Field(std::string_view key, std::signed_integral auto value) : key(key), value(std::int64_t{value}) {}
    Field(std::string_view key, std::unsigned_integral auto value) requires(!std::same_as<decltype(value), bool>)
        : key(key), value(std::uint64_t{value}) {}
    Field(std::string_view key, std::floating_point auto value) : key(key), value(double{value}) {}
    Field(std::string_view key, Json value) : key(key), value(value) {}
    template <class Text>
    requires std::convertible_to<const Text&, std::string_view> Field(std::string_view key, const Text& value)
        : key(key), value(std::string_view(value)) {}

    std::string_view key;
    Value value;
};

// `2025-11-24T16:00:00.123456Z`
std::string format_timestamp(WallTime time);

// The fields alone, as a JSON object.
std::string format_object(std::span<const Field> fields);

// The line without its line end.
std::string format_line(LogFormat format, WallTime time, Level level, std::string_view logger, std::string_view event,
                        std::span<const Field> fields);

}  // namespace mythos::observe
