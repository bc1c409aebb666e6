// How a connection ended, and what a client makes of it (docs/reference/protocol.md,
// "Closing"). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace mythos::protocol {

// As far as the shell knows: a close frame's code, or the HTTP status that refused the
// request, or neither (reset, timeout, end of stream).
struct CloseInfo {
    int code = 0;
    int http_status = 0;
    std::string reason;
    std::optional<Duration> retry_after;
};

enum class AfterClose : std::uint8_t {
    retry_soon,        // the connection was lost
    retry_later,       // the server wants to be left alone for a while
    session_replaced,  // 4001, 409: the whole client stops
    barred,            // 4003, 204: this wire does not come back by itself
    refused,           // 4002, 401: not without new credentials
};

AfterClose after_close(const CloseInfo& info);

}  // namespace mythos::protocol
