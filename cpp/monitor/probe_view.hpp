// What the health of the server looks like from outside: `/health`, `/health/detailed`, and the probes of an
// orchestrator.
//
// `/livez` asks whether the loops turn and nothing else: a dependency that is away must not have the process killed.
// `/readyz` asks whether newcomers may come: it listens, does not drain, has room, and no critical component is
// unhealthy. `/startupz` asks whether each critical component has been checked once. Healthy and degraded are 200,
// unhealthy is 503. Where `application/health+json` is preferred, the answer is in that form (pass, warn, fail).
//
// How components are judged comes from the checks in the background, with their age. The figures of the connections
// and of the requests are those of now, the latter over `?window=`; `windows` has both over each window. `?tag=` asks
// of the components that have the tag alone.
//
// Answers are made of what is known already; none waits for a check. Thread-safety: any thread.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "monitor/answers.hpp"
#include "monitor/health_checker.hpp"
#include "monitor/health_checks.hpp"
#include "stats/level_windows.hpp"

namespace mythos::monitor {

// What the probes ask for beside the board.
struct ServerState {
    std::function<bool()> draining;
    std::function<bool()> has_room;                // for one more connection
    std::function<bool(MonoTime now)> loops_turn;  // all of them
};

// What is told as it is when somebody asks; called on any thread.
struct LiveFigures {
    std::function<ConnectionCounts()> connections;
    std::function<RequestFigures(stats::Window)> requests;
    std::function<stats::LevelWindows::Reading(stats::Window)> connection_health;  // over time
};

// What a question about the health asks for.
struct HealthQuestion {
    std::string accept;  // the header's value
    stats::Window window = stats::Window::five_minutes;
    std::string tag;  // empty: of every component

    // Error `bad_request`.
    static Result<HealthQuestion> read(const MonitorRequest& request);
};

class ProbeView {
public:
    // `checker` and `clock` outlive it. The server began when this was made.
    ProbeView(const HealthChecker& checker, ServerState state, LiveFigures figures, const Clock& clock);

    transport::HttpResponse live() const;
    // Errors of these: `bad_request`, and `not_found` where no component has the tag.
    MonitorAnswer ready(std::string_view query) const;
    MonitorAnswer health(const HealthQuestion& question) const;
    MonitorAnswer detailed(const HealthQuestion& question) const;
    transport::HttpResponse startup() const;

private:
    std::int64_t uptime_s() const;
    Result<observe::HealthReport> report(const HealthQuestion& question) const;
    MonitorAnswer whole(const HealthQuestion& question, nlohmann::json (*tell)(const observe::ComponentHealth&)) const;
    transport::HttpResponse draft(const observe::HealthReport& report) const;
    nlohmann::json windows() const;

    const HealthChecker& checker_;
    const ServerState state_;
    const LiveFigures figures_;
    const Clock& clock_;
    const MonoTime began_;
};

// Whether `application/health+json` is wanted at least as much as `application/json`; `accept` is the header's value.
bool prefers_health_json(std::string_view accept);

// `/health`, `/health/detailed`, `/startupz`; the view outlives the answers.
void add_probe_views(Answers& answers, const ProbeView& view);

}  // namespace mythos::monitor
