// Work on JSON as text, where the exact bytes that a publisher sent must survive
// (numbers beyond 2^53, key order), which parsing and printing would not keep.
// RFC 8259. Pure functions; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.hpp"

namespace mythos::protocol {

// White space between JSON's tokens (RFC 8259 section 2).
constexpr bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Whether `text` is one JSON value in UTF-8, nested at most kJsonDepthMax deep.
bool is_valid_json(std::string_view text);

// The raw text of member `name` of the JSON object `object`, if there is one; of
// several the last, as parsers do. Precondition: is_valid_json(object).
std::optional<std::string_view> member_text(std::string_view object, std::string_view name);

// `json` without white space outside strings, hence without line breaks.
// Precondition: is_valid_json(json).
std::string compact_json(std::string_view json);

// `value` printed on one line; text that is not UTF-8, which must not stop the server, gets U+FFFD.
std::string print_json(const nlohmann::json& value);

// Appends `text` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace mythos::protocol
