#include "protocol/sse.hpp"

namespace mythos::protocol {
namespace {

// Takes one line and its end (CR, LF or CRLF) from the front; `more` says whether an end was met.
std::string_view take_line(std::string_view& text, bool& more) {
    const std::size_t end = text.find_first_of("\r\n");
    more = end != std::string_view::npos;
    const std::string_view line = text.substr(0, end);
    if (!more) {
        text = {};
        return line;
    }
    const bool crlf = text.substr(end, 2) == "\r\n";
    text.remove_prefix(end + (crlf ? 2 : 1));
    return line;
}

void append_lines(std::string& out, std::string_view field, std::string_view text) {
    bool more = text.find('\n') != text.npos || text.find('\r') != text.npos;
    if (!more) out.append(field).append(text).push_back('\n');  // nearly always: JSON escapes its line ends
    while (more) {
        const std::string_view line = take_line(text, more);
        out.append(field).append(line).push_back('\n');
    }
}

void append_id(std::string& out, std::string_view id) {
    out += "id: ";
    for (char c : id) {
        if (c != '\r' && c != '\n' && c != '\0') out.push_back(c);
    }
    out.push_back('\n');
}

}  // namespace

void append_sse_block(std::string& out, std::string_view id, std::string_view data,
                      std::optional<std::uint32_t> retry_ms) {
    out.reserve(out.size() + id.size() + data.size() + 32);
    append_id(out, id);
    if (retry_ms) out.append("retry: ").append(std::to_string(*retry_ms)).push_back('\n');
    append_lines(out, "data: ", data);
    out.push_back('\n');
}

void append_sse_comment(std::string& out, std::string_view text) {
    append_lines(out, ": ", text);
    out.push_back('\n');
}

}  // namespace mythos::protocol
