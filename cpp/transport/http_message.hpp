// HTTP requests and responses as the routes see them: plain views and strings.
//
// Stateless values; any thread. A request's views are valid while it is being handled.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace mythos::transport {

struct HttpRequest {
    std::string_view method;
    std::string_view target;                                             // path and query, as sent
    std::vector<std::pair<std::string_view, std::string_view>> headers;  // in their order; names in any case
    std::string body;
    bool keep_alive = true;
    bool http_1_1 = true;

    // The first header of that name, in any case; empty where there is none.
    std::string_view header(std::string_view name) const;
    bool has_header(std::string_view name) const { return count_header(name) > 0; }
    std::size_t count_header(std::string_view name) const;
    // All headers of that name, joined by ", " (RFC 9110 5.3).
    std::string joined_header(std::string_view name) const;

    std::string_view path() const;   // undecoded; "/" where the target names none
    std::string_view query() const;  // undecoded, without '?'
};

// A request that outlives its handling.
class KeptRequest {
public:
    explicit KeptRequest(HttpRequest request);
    KeptRequest(const KeptRequest&) = delete;
    KeptRequest& operator=(const KeptRequest&) = delete;
    const HttpRequest& request() const { return request_; }
    // The same, once, with the body for whoever wants it; its views are still into this object.
    HttpRequest take() { return std::move(request_); }

private:
    std::string bytes_;
    HttpRequest request_;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    HttpHeaders headers;  // without Cache-Control nobody stores the answer
    bool close = false;   // the connection does not live on
};

std::string_view reason_phrase(int status);

// Appends status line, headers and body. A status without a body (204, 304) gets none; `head_only` answers HEAD:
// the body's length without the body. Header values are written without CR, LF and NUL.
void append_response(std::string& out, const HttpResponse& response, bool keep_alive, bool head_only, WallTime now);

// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 5.6.7).
std::string http_date(WallTime now);

// Appends one header line; CR, LF and NUL in the value are left out.
void append_header(std::string& out, std::string_view name, std::string_view value);

bool equals_in_any_case(std::string_view a, std::string_view b);

}  // namespace mythos::transport
