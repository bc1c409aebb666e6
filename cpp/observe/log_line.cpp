#include "observe/log_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"

namespace mythos::observe {
namespace {

constexpr std::array<std::string_view, kLevels> kLevelNames{"debug", "info", "warning", "error", "critical"};

constexpr std::string_view kException = "exception";

bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

void append_quoted(std::string& out, std::string_view text) {
    text = text.substr(0, kLogTextBytesMax);
    if (is_plain(text)) {
        out.append(1, '"').append(text).append(1, '"');
        return;
    }
    using nlohmann::json;
    out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class Number>
void append_number(std::string& out, Number value) {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_value(std::string& out, const Field::Value& value) {
    if (const auto* text = std::get_if<std::string_view>(&value)) {
        append_quoted(out, *text);
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        out += *flag ? "true" : "false";
    } else if (const auto* real = std::get_if<double>(&value)) {
        // JSON has no infinity and no NaN.
        if (std::isfinite(*real))
            append_number(out, *real);
        else
            out += "null";
    } else if (const auto* json = std::get_if<Json>(&value)) {
        out += json->text;
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        append_number(out, *integer);
    } else {
        append_number(out, std::get<std::uint64_t>(value));
    }
}

void append_padded(std::string& out, unsigned value, std::size_t width) {
    char digits[16];
    const auto length = static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, value).ptr - digits);
    out.append(width > length ? width - length : 0, '0').append(digits, length);
}

// For people: a text without blanks and signs of structure stands bare.
void append_readable(std::string& out, const Field::Value& value) {
    const auto* text = std::get_if<std::string_view>(&value);
    if (text && !text->empty() && text->size() <= kLogTextBytesMax && is_plain(*text) &&
        text->find_first_of(" =") == text->npos)
        out += *text;
    else
        append_value(out, value);
}

// Line by line, indented, so that a line that begins with a timestamp is always an event.
void append_traceback(std::string& out, const Field::Value& value) {
    const auto* text = std::get_if<std::string_view>(&value);
    const auto* json = std::get_if<Json>(&value);
    const auto parsed = json ? nlohmann::json::parse(json->text, nullptr, false) : nlohmann::json();
    std::string_view left;
    if (text)
        left = *text;
    else if (parsed.is_string())
        left = parsed.get_ref<const std::string&>();
    while (!left.empty()) {
        const std::string_view line = left.substr(0, left.find('\n'));
        out += "\n    ";
        for (const char c : line) out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
        left.remove_prefix(std::min(left.size(), line.size() + 1));
    }
}

void append_json(std::string& out, Level level, std::string_view logger, std::string_view event,
                 std::span<const Field> fields) {
    out.append(R"(","level":")").append(name_of(level)).append(R"(","logger":)");
    append_quoted(out, logger);
    out += R"(,"event":)";
    append_quoted(out, event);
    for (const Field& field : fields) {
        out.append(R"(,")").append(field.key).append(R"(":)");
        append_value(out, field.value);
    }
    out += '}';
}

void append_console(std::string& out, Level level, std::string_view logger, std::string_view event,
                    std::span<const Field> fields) {
    out += ' ';
    out.append(name_of(level)).append(9 - name_of(level).size(), ' ').append(logger).append(2, ' ');
    if (is_plain(event))
        out += event;
    else
        append_quoted(out, event);
    for (const Field& field : fields) {
        if (field.key == kException) continue;
        out.append(2, ' ').append(field.key).append(1, '=');
        append_readable(out, field.value);
    }
    for (const Field& field : fields)
        if (field.key == kException) append_traceback(out, field.value);
}

}  // namespace

std::string_view name_of(Level level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::optional<Level> parse_level(std::string_view name) {
    const auto same = [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); };
    for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
        if (std::ranges::equal(kLevelNames[i], name, same)) return static_cast<Level>(i);
    }
    return std::nullopt;
}

std::string format_timestamp(WallTime time) {
    using namespace std::chrono;
    const sys_time<std::chrono::nanoseconds> instant{std::chrono::nanoseconds(time.ns)};
    const auto day = floor<days>(instant);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<std::chrono::microseconds>(instant - day)};
    std::string out;
    out.reserve(27);
    append_padded(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    append_padded(out += '-', static_cast<unsigned>(date.month()), 2);
    append_padded(out += '-', static_cast<unsigned>(date.day()), 2);
    append_padded(out += 'T', static_cast<unsigned>(clock.hours().count()), 2);
    append_padded(out += ':', static_cast<unsigned>(clock.minutes().count()), 2);
    append_padded(out += ':', static_cast<unsigned>(clock.seconds().count()), 2);
    append_padded(out += '.', static_cast<unsigned>(clock.subseconds().count()), 6);
    return out += 'Z';
}

std::string format_object(std::span<const Field> fields) {
    std::string out;
    for (const Field& field : fields) {
        out.append(out.empty() ? "{\"" : ",\"").append(field.key).append(R"(":)");
        append_value(out, field.value);
    }
    return out.empty() ? "{}" : out += '}';
}

std::string format_line(LogFormat format, WallTime time, Level level, std::string_view logger, std::string_view event,
                        std::span<const Field> fields) {
    std::string line;
    line.reserve(256);
    if (format == LogFormat::json) {
        line.append(R"({"timestamp":")").append(format_timestamp(time));
        append_json(line, level, logger, event, fields);
    } else {
        line = format_timestamp(time);
        append_console(line, level, logger, event, fields);
    }
    return line;
}

}  // namespace mythos::observe
