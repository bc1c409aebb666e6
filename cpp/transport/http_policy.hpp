// Who may ask at all: the Origin rule, the Host rule, and the CORS headers that follow from them.
//
// The WebSocket is never laxer than CORS: no Origin and the own origin are allowed, everything else by list. The own
// origin is the Host, by either scheme, because a proxy that ends TLS leaves the Host as the browser named it.
// Without authentication Host must be a loopback name or listed, because a page whose name was bound anew to
// 127.0.0.1 (DNS rebinding) is its own origin. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transport/http_message.hpp"

namespace mythos::transport {

struct HttpPolicy {
    std::vector<std::string> origins;        // `https://game.example`; "*" allows every one, without credentials
    std::vector<std::string> allowed_hosts;  // without port: `game.example`
    bool host_must_be_local = true;          // authentication is off
};

// `origin` and `host` are the headers' values; empty where there are none.
bool is_origin_allowed(const HttpPolicy& policy, std::string_view origin, std::string_view host);
bool is_host_allowed(const HttpPolicy& policy, std::string_view host);

// The host of `Host: name:port`, without port, brackets and the root's dot, in lower case; empty if it is malformed.
std::string host_name(std::string_view host);

// What every answer carries: `Vary: Origin`, and for an allowed Origin that it may read the answer. Credentials
// (cookies) are for the own origin and those that are listed by name, never for "*".
HttpHeaders cors_headers(const HttpPolicy& policy, const HttpRequest& request);
// Puts them beside those that the answer has; what it varies by is one list.
void add_cors(HttpResponse& response, HttpHeaders cors);

// The answer to a preflight of an allowed origin; `methods` as in Allow.
HttpResponse preflight_answer(const HttpPolicy& policy, const HttpRequest& request, std::string_view methods);

}  // namespace mythos::transport
