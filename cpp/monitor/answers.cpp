#include "monitor/answers.hpp"

#include <exception>
#include <utility>

#include "transport/uri.hpp"

namespace mythos::monitor {

MonitorAnswer Answers::answer(const MonitorRequest& request) const {
    const auto found = renders_.find(request.route);
    if (found == renders_.end()) return Error{"not_found", "This server does not answer that."};
    try {
        return found->second(request);
    } catch (const std::exception&) {
        // Its text is for nobody outside.
        return Error{"server_fault", "The server failed at this answer."};
    }
}

transport::HttpResponse json_response(std::string body, int status) {
    transport::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

Result<stats::Window> window_of(const MonitorRequest& request, stats::Window otherwise) {
    const auto query = transport::QueryParameters::parse(request.query);
    if (!query) return Error{"bad_request", "The query has a broken percent escape."};
    const auto named = query->get("window");
    if (!named) return otherwise;
    if (const auto window = stats::window_named(*named)) return *window;
    return Error{"bad_request", "A window is one of 1m, 5m, 1h and 24h."};
}

}  // namespace mythos::monitor
