// The part of the site that looks at a request's head: who may ask at all, and for what by which listener.
#include "transport/connect_request.hpp"
#include "transport/site.hpp"

namespace mythos::transport {

using protocol::Wire;
using stats::Counter;
using stats::Rejection;

namespace {

bool is_json(std::string_view content_type) {
    std::string_view media = content_type.substr(0, content_type.find(';'));
    while (media.ends_with(' ') || media.ends_with('\t')) media.remove_suffix(1);
    return equals_in_any_case(media, "application/json");
}

// As `curl -X POST` sends it. No page of a browser can: what it posts has an Origin.
bool is_a_bare_post(const HttpRequest& request) {
    const auto length = request.header("Content-Length");
    return (length.empty() || length == "0") && request.header("Transfer-Encoding").empty() &&
           request.header("Content-Type").empty() && request.header("Origin").empty();
}

}  // namespace

HttpResponse Site::refuse_no_route(const HttpRequest& request, const RouteMatch& match) {
    switch (match.kind) {
        case RouteMatch::Kind::no_method: {
            auto response = refused(Counter::http_method, &request, 405, "method_not_allowed",
                                    "The route does not have this method.");
            response.headers.emplace_back("Allow", match.allow);
            return response;
        }
        case RouteMatch::Kind::bad_path:
            return refused(Counter::http_bad_request, &request, 400, "bad_request",
                           "The path has a broken percent escape.");
        default:
            return refused(Counter::http_not_found, &request, 404, "not_found", "There is no such route.");
    }
}

// The rules that hold before a route is looked at; nothing: go on.
std::optional<HttpResponse> Site::refuse_entry(const HttpConnection& connection, const HttpRequest& request,
                                               const RouteMatch& match) {
    const auto wire = match.kind == RouteMatch::Kind::found ? wire_of(match.route) : std::nullopt;
    const auto refused = [&](Rejection why, Counter counter, int status, const char* code, const char* message) {
        if (!wire) return this->refused(counter, &request, status, code, message);
        const Asked asked{connection, request, *wire, named_player(request, match.parameter)};
        return this->refused(why, asked, status, code, message);
    };
    const std::string_view host = request.header("Host");
    const std::size_t hosts = request.count_header("Host");
    if (hosts > 1 || (hosts == 0 && request.http_1_1)) {
        return this->refused(Counter::http_bad_request, &request, 400, "bad_request",
                             "HTTP/1.1 needs one Host header (RFC 9112 3.2).");
    }
    if (!is_host_allowed(settings_.policy, host)) {
        return refused(Rejection::host, Counter::http_host, 421, "host_not_allowed",
                       "Without authentication only loopback names and http.allowed_hosts are served.");
    }
    const bool reads_only = !wire && (request.method == "GET" || request.method == "HEAD");
    if (!reads_only && !is_origin_allowed(settings_.policy, request.header("Origin"), host)) {
        return refused(Rejection::origin, Counter::http_origin, 403, "origin_not_allowed",
                       "This origin is not in http.origins.");
    }
    return std::nullopt;
}

const char* Site::not_served(Route route, Door door) const {
    const bool measures = route >= Route::metrics && route <= Route::monitoring_stream;
    if (measures && !settings_.monitoring) return "This server does not tell what it measures; monitor.enabled is off.";
    if (door == Door::monitoring) {
        const bool dashboard = route == Route::index || route == Route::asset || is_alert_engines(route);
        return dashboard || (route >= Route::live && route <= Route::drain) ? nullptr
                                                                            : "Only monitoring is answered here.";
    }
    const bool apart = settings_.monitoring_apart && (measures || route == Route::health_detailed);
    return apart ? "That is answered on monitor.listen." : nullptr;
}

HttpApplication::Verdict Site::head_at(const HttpConnection& connection, const HttpRequest& request, Door door) {
    Verdict verdict;
    verdict.body_bytes_max = settings_.body_bytes_max;
    const RouteMatch match = match_route(request.method, request.path());
    verdict.answer = refuse_entry(connection, request, match);
    if (verdict.answer) return verdict;
    if (match.kind == RouteMatch::Kind::preflight) {
        verdict.answer = preflight_answer(settings_.policy, request, match.allow);
    } else if (match.kind != RouteMatch::Kind::found) {
        verdict.answer = refuse_no_route(request, match);
    } else if (const char* why = not_served(match.route, door)) {
        verdict.answer = refused(Counter::http_not_found, &request, 404, "not_found", why);
    } else if (request.method == "POST" && !is_json(request.header("Content-Type")) &&
               !(match.route == Route::drain && is_a_bare_post(request))) {
        verdict.answer = refused(Counter::http_media_type, &request, 415, "unsupported_media_type",
                                 "A POST needs Content-Type: application/json.");
    }
    return verdict;
}

}  // namespace mythos::transport
