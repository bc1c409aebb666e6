// The part of the site that answers probes at once, begins a drain, and times what was answered.
#include "transport/site.hpp"

namespace mythos::transport {

using stats::Counter;

void Site::answered(int label, bool head, Duration took) {
    const bool found = label != HttpConnection::kNoLabel;
    request_times_.record(found ? std::optional(static_cast<Route>(label)) : std::nullopt, head, took);
    streams_.core.latencies()[stats::Latency::request].record(took);
}

HttpResponse Site::probed(Route route, std::string_view query) {
    if (probe_) return monitor_answer(probe_(route, query));
    HttpResponse response;
    response.body = route == Route::live ? R"({"status":"alive"})" : R"({"status":"ready"})";
    return response;
}

// The second time it changes nothing, and says the same.
HttpResponse Site::begin_drain(const HttpRequest& request) {
    if (!drain_)
        return refused(Counter::http_not_found, &request, 404, "not_found", "This server is drained by its program.");
    drain_();
    HttpResponse response;
    response.body = R"({"status":"draining"})";
    add_cors(response, cors_headers(settings_.policy, request));
    return response;
}

}  // namespace mythos::transport
