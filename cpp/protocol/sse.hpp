// Server-Sent Events, the writing side (WHATWG HTML 9.2.6).
//
// Stateless; any thread may call anything. The reading side is sse_decoder.hpp. Blocks have no
// `event:` field, so that `onmessage` sees everything. Text must be UTF-8, which is the caller's duty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mythos::protocol {

// Appends one block: `id:`, `retry:` where given, one `data:` line for each line of `data`, a blank line.
// CR, LF and CRLF in `data` all reach the reader as LF. CR, LF and NUL are left out of `id`: they would
// break the block, or make the reader ignore the id.
void append_sse_block(std::string& out, std::string_view id, std::string_view data,
                      std::optional<std::uint32_t> retry_ms = std::nullopt);

// Appends a comment, one `:` line for each line of `text`, and a blank line; readers ignore it.
void append_sse_comment(std::string& out, std::string_view text);

}  // namespace mythos::protocol
