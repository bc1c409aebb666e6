// The trace that a request belongs to, as its client says in a `traceparent` header (W3C Trace Context, section 3.2).
// Pure; any thread.
#pragma once

#include <string_view>

#include "transport/http_message.hpp"

namespace mythos::transport {

// The trace-id of `00-<trace-id>-<parent-id>-<flags>`: 32 lower-case hexadecimal digits. Empty for a value that the
// recommendation calls invalid. What a later version may append is not looked at.
std::string_view trace_id_of(std::string_view traceparent);

// Of a request; empty where it has no such header or more than one.
std::string_view trace_id_of(const HttpRequest& request);

}  // namespace mythos::transport
