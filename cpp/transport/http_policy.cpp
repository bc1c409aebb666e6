#include "transport/http_policy.hpp"

#include <algorithm>

namespace mythos::transport {
namespace {

constexpr std::string_view kScheme = "http://";  // what this listener speaks
constexpr std::string_view kDefaultPort = ":80";

std::string lower_case(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lowered;
}

// `host:port` with the port always written.
std::string with_port(std::string_view authority) {
    std::string full = lower_case(authority);
    const std::size_t colon = full.rfind(':');
    const bool has_port = colon != std::string::npos && full.find(']', colon) == std::string::npos;
    return has_port ? full : full.append(kDefaultPort);
}

bool is_own_origin(std::string_view origin, std::string_view host) {
    const std::string lowered = lower_case(origin);
    if (host.empty() || !lowered.starts_with(kScheme)) return false;
    return with_port(std::string_view(lowered).substr(kScheme.size())) == with_port(host);
}

bool is_loopback_name(const std::string& name) {
    if (name == "localhost" || name.ends_with(".localhost") || name == "::1") return true;
    // Numbers only: 127.0.0.1.evil.example is a name in someone else's hand.
    return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string::npos;
}

bool holds(const std::vector<std::string>& list, std::string_view value) {
    return std::any_of(list.begin(), list.end(), [&](const auto& item) { return equals_in_any_case(item, value); });
}

}  // namespace

bool is_origin_allowed(const HttpPolicy& policy, std::string_view origin, std::string_view host) {
    if (origin.empty() || is_own_origin(origin, host)) return true;
    return holds(policy.origins, origin) || holds(policy.origins, "*");
}

std::string host_name(std::string_view host) {
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        return end == std::string_view::npos ? std::string{} : lower_case(host.substr(1, end - 1));
    }
    return lower_case(host.substr(0, host.find(':')));
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
    headers.emplace_back("Access-Control-Allow-Origin", origin);
    headers.emplace_back("Access-Control-Allow-Credentials", "true");
    headers.emplace_back("Access-Control-Expose-Headers", "Retry-After");
    return headers;
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
