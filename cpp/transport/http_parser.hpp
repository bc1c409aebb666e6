// Bytes to HTTP/1.1 requests, by Boost.Beast's parser; sans-I/O. The only file that includes Beast.
//
// One parser reads one request: `feed` until the head is there, `accept_body`, `feed` until all is there, `take`.
// Not thread-safe. What was not used belongs to the next request or, after an upgrade, to the new protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "transport/http_message.hpp"

namespace mythos::transport {

enum class HttpParse : std::uint8_t {
    need_more,
    head,  // told once, before the body is looked at
    done,
    malformed,       // 400
    head_too_big,    // 431
    body_too_big,    // 413
    not_implemented  // a transfer coding that we do not speak: 501
};

class HttpParser {
public:
    explicit HttpParser(std::size_t head_bytes_max);
    ~HttpParser();

    // Takes from the front of `bytes`, which must go on where the last call stopped. The head has to lie whole in
    // `bytes` before any of it is taken.
    HttpParse feed(std::string_view& bytes);

    // After `head`: how much may follow. False: the request announces more.
    bool accept_body(std::size_t bytes_max);

    // After `head`: the client waits for `100 Continue`.
    bool expects_continue() const;
    bool has_body() const;

    // Views into the parser; the body is complete after `done`. A target in absolute form (`http://host/path`) becomes
    // its path and query, and its host takes the place of the Host header's (RFC 9112 3.2.2).
    HttpRequest request() const;
    // The same, with the body moved out.
    HttpRequest take();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace mythos::transport
