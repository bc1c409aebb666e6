// Who answers which route: each view of the monitor stands in a file of its own and registers here what it renders.
//
// Register everything before the first question. Thread-safety: `answer` on one thread, the monitor's.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "observe/error_tracker.hpp"
#include "stats/window_rings.hpp"
#include "transport/monitor_request.hpp"

namespace mythos::monitor {

using transport::MonitorAnswer;
using transport::MonitorRequest;

class Answers {
public:
    // `errors`, which outlives it, is told of views that throw.
    explicit Answers(observe::ErrorTracker& errors) : errors_(errors) {}

    // Takes at most a few milliseconds: probes wait behind it.
    using Render = std::function<MonitorAnswer(const MonitorRequest& request)>;

    // The later one of a route counts.
    void add(transport::Route route, Render render);

    // For an answer that waits for others; called once, on the same thread.
    using Answer = std::function<void(MonitorAnswer)>;
    using RenderLater = std::function<void(const MonitorRequest& request, Answer answer)>;
    void add_later(transport::Route route, RenderLater render) { renders_[route] = std::move(render); }

    // Errors: `not_found` where nobody answers this route, those of the answer, `server_fault` where it threw.
    void answer(const MonitorRequest& request, const Answer& answer) const;

private:
    observe::ErrorTracker& errors_;
    std::map<transport::Route, RenderLater> renders_;
};

// Answers with a JSON body.
transport::HttpResponse json_response(std::string body, int status = 200);

// `?window=`, or what holds without it. Error `bad_request`.
Result<stats::Window> window_of(const MonitorRequest& request, stats::Window otherwise = stats::Window::five_minutes);

}  // namespace mythos::monitor
