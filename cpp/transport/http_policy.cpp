#include "transport/http_policy.hpp"

#include <algorithm>
#include <array>

namespace mythos::transport {
namespace {

struct Scheme {
    std::string_view prefix;
    std::string_view default_port;
};
constexpr std::array kSchemes{Scheme{"http://", ":80"}, Scheme{"https://", ":443"}};

std::string lower_case(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lowered;
}

// `host:port` with the port always written.
std::string with_port(std::string_view authority, std::string_view default_port) {
    std::string full = lower_case(authority);
    const std::size_t colon = full.rfind(':');
    const bool has_port = colon != std::string::npos && full.find(']', colon) == std::string::npos;
    return has_port ? full : full.append(default_port);
}

bool is_own_origin(std::string_view origin, std::string_view host) {
    const std::string lowered = lower_case(origin);
    return !host.empty() && std::any_of(kSchemes.begin(), kSchemes.end(), [&](const Scheme& scheme) {
        if (!lowered.starts_with(scheme.prefix)) return false;
        const auto authority = std::string_view(lowered).substr(scheme.prefix.size());
        return with_port(authority, scheme.default_port) == with_port(host, scheme.default_port);
    });
}

bool is_loopback_name(const std::string& name) {
    if (name == "localhost" || name.ends_with(".localhost") || name == "::1") return true;
    // Numbers only: 127.0.0.1.evil.example is a name in someone else's hand.
    return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string::npos;
}

bool holds(const std::vector<std::string>& list, std::string_view value) {
    return std::any_of(list.begin(), list.end(), [&](const auto& item) { return equals_in_any_case(item, value); });
}

bool is_known_origin(const HttpPolicy& policy, std::string_view origin, std::string_view host) {
    return is_own_origin(origin, host) || (origin != "*" && holds(policy.origins, origin));
}

}  // namespace

bool is_origin_allowed(const HttpPolicy& policy, std::string_view origin, std::string_view host) {
    return origin.empty() || is_known_origin(policy, origin, host) || holds(policy.origins, "*");
}

std::string host_name(std::string_view host) {
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        return end == std::string_view::npos ? std::string{} : lower_case(host.substr(1, end - 1));
    }
    host = host.substr(0, host.find(':'));
    if (host.ends_with('.')) host.remove_suffix(1);
    return lower_case(host);
}

bool is_host_allowed(const HttpPolicy& policy, std::string_view host) {
    if (!policy.host_must_be_local) return true;
    const std::string name = host_name(host);
    return is_loopback_name(name) || (!name.empty() && holds(policy.allowed_hosts, name));
}

HttpHeaders cors_headers(const HttpPolicy& policy, const HttpRequest& request) {
    HttpHeaders headers{{"Vary", "Origin"}};
    const std::string_view origin = request.header("Origin");
    if (origin.empty() || !is_origin_allowed(policy, origin, request.header("Host"))) return headers;
    const bool known = is_known_origin(policy, origin, request.header("Host"));
    headers.emplace_back("Access-Control-Allow-Origin", known ? origin : "*");
    if (known) headers.emplace_back("Access-Control-Allow-Credentials", "true");
    headers.emplace_back("Access-Control-Expose-Headers", "Retry-After");
    return headers;
}

void add_cors(HttpResponse& response, HttpHeaders cors) {
    for (auto& header : cors) {
        const auto same = std::ranges::find(response.headers, "Vary", &HttpHeaders::value_type::first);
        if (header.first == "Vary" && same != response.headers.end()) {
            same->second = header.second + ", " + same->second;
        } else {
            response.headers.push_back(std::move(header));
        }
    }
}

HttpResponse preflight_answer(const HttpPolicy& policy, const HttpRequest& request, std::string_view methods) {
    HttpResponse response;
    response.status = 204;
    response.headers = cors_headers(policy, request);
    response.headers.emplace_back("Allow", methods);
    if (!request.has_header("Origin")) return response;
    response.headers.emplace_back("Access-Control-Allow-Methods", methods);
    response.headers.emplace_back("Access-Control-Allow-Headers",
                                  "Authorization, Content-Type, Idempotency-Key, Last-Event-ID");
    response.headers.emplace_back("Access-Control-Max-Age", "600");
    return response;
}

}  // namespace mythos::transport
