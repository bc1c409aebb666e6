#include "monitor/answers.hpp"

#include <exception>
#include <utility>

#include "transport/uri.hpp"

namespace mythos::monitor {

void Answers::add(transport::Route route, Render render) {
    renders_[route] = [render = std::move(render)](const MonitorRequest& request, const Answer& answer) {
        answer(render(request));
    };
}

void Answers::answer(const MonitorRequest& request, const Answer& answer) const {
    const auto found = renders_.find(request.route);
    if (found == renders_.end()) return answer(Error{"not_found", "This server does not answer that."});
    try {
        found->second(request, answer);
    } catch (const std::exception& fault) {
        // Its text is for nobody outside.
        errors_.record(stats::Counter::operation_faults, {.code = "server_fault", .exception = fault.what()});
        answer(Error{"server_fault", "The server failed at this answer."});
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
