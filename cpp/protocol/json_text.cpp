#include "protocol/json_text.hpp"

#include <nlohmann/json.hpp>

#include "base/limits.hpp"

namespace mythos::protocol {
namespace {

std::size_t skip_space(std::string_view t, std::size_t i) {
    while (i < t.size() && is_json_space(t[i])) ++i;
    return i;
}

// `i` stands on the opening quote; returns the position behind the closing one, or beyond the end where there is none.
std::size_t skip_string(std::string_view t, std::size_t i) {
    for (std::size_t begin = i + 1;;) {
        const std::size_t quote = t.find('"', begin);
        if (quote == std::string_view::npos) return t.size() + 1;
        std::size_t backslashes = 0;
        while (quote - backslashes > begin && t[quote - backslashes - 1] == '\\') ++backslashes;
        if (backslashes % 2 == 0) return quote + 1;
        begin = quote + 1;
    }
}

std::size_t skip_value(std::string_view t, std::size_t i) {
    int depth = 0;
    while (i < t.size()) {
        const char c = t[i];
        if (c == '"') {
            i = skip_string(t, i);
            if (depth == 0) return i;
            continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') {
            if (depth == 0) return i;  // the end of the enclosing object, behind a number or word
            if (--depth == 0) return i + 1;
        }
        if (depth == 0 && (c == ',' || is_json_space(c))) return i;
        ++i;
    }
    return i;
}

bool too_deep(std::string_view t) {
    int depth = 0;
    for (std::size_t i = 0; i < t.size();) {
        if (t[i] == '"') {
            i = skip_string(t, i);
            continue;
        }
        if (t[i] == '{' || t[i] == '[') {
            if (++depth > kJsonDepthMax) return true;
        } else if (t[i] == '}' || t[i] == ']') {
            --depth;
        }
        ++i;
    }
    return false;
}

}  // namespace

// The parser would skip a byte order mark, and take a NUL for the end of the text; neither is JSON (RFC 8259).
bool is_valid_json(std::string_view text) {
    return !text.starts_with("\xEF\xBB\xBF") && text.find('\0') == std::string_view::npos && !too_deep(text) &&
           nlohmann::json::accept(text);
}

std::optional<std::string_view> member_text(std::string_view object, std::string_view name) {
    std::optional<std::string_view> found;
    std::size_t i = skip_space(object, 0);
    if (i >= object.size() || object[i] != '{') return found;
    i = skip_space(object, i + 1);
    while (i < object.size() && object[i] == '"') {
        const std::size_t key_end = skip_string(object, i);
        const auto quoted = object.substr(i, key_end - i);
        auto key = quoted.substr(1, quoted.size() - 2);
        std::string unescaped;
        if (key.find('\\') != std::string_view::npos) {
            unescaped = nlohmann::json::parse(quoted).get<std::string>();
            key = unescaped;
        }
        const std::size_t value = skip_space(object, skip_space(object, key_end) + 1);
        const std::size_t value_end = skip_value(object, value);
        if (key == name) found = object.substr(value, value_end - value);
        i = skip_space(object, value_end);
        if (i >= object.size() || object[i] != ',') break;
        i = skip_space(object, i + 1);
    }
    return found;
}

std::string compact_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size();) {
        std::size_t end = i;
        if (json[i] == '"') {
            end = skip_string(json, i);
        } else {
            while (end < json.size() && json[end] != '"' && !is_json_space(json[end])) ++end;
        }
        out.append(json.substr(i, end - i));
        i = skip_space(json, end);
    }
    return out;
}

std::string print_json(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_json_string(std::string& out, std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(),
                                   [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
    if (plain) {
        out.push_back('"');
        out.append(text);
        out.push_back('"');
    } else {
        out += print_json(text);
    }
}

}  // namespace mythos::protocol
