// What the health of the server looks like from outside: `/health`, `/health/detailed`, and the probes of an
// orchestrator.
//
// `/livez` asks whether the loops turn and nothing else: a dependency that is away must not have the process killed.
// `/readyz` asks whether newcomers may come: it listens, does not drain, has room, and no critical component is
// unhealthy. `/startupz` asks whether each critical component has been checked once. Healthy and degraded are 200,
// unhealthy is 503. Where `application/health+json` is preferred, the answer is in that form (pass, warn, fail).
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

namespace mythos::monitor {

// What the probes ask for beside the board.
struct ServerState {
    std::function<bool()> draining;
    std::function<bool()> has_room;                // for one more connection
    std::function<bool(MonoTime now)> loops_turn;  // all of them
};

class ProbeView {
public:
    // `checker` and `clock` outlive it. The server began when this was made.
    ProbeView(const HealthChecker& checker, ServerState state, const Clock& clock);

    transport::HttpResponse live() const;
    transport::HttpResponse ready() const;
    transport::HttpResponse startup() const;
    transport::HttpResponse health(std::string_view accept) const;
    transport::HttpResponse detailed(std::string_view accept) const;

private:
    std::int64_t uptime_s() const;
    transport::HttpResponse whole(std::string_view accept,
                                  nlohmann::json (*tell)(const observe::ComponentHealth&)) const;
    transport::HttpResponse draft(const observe::HealthReport& report) const;

    const HealthChecker& checker_;
    const ServerState state_;
    const Clock& clock_;
    const MonoTime began_;
};

// Whether `application/health+json` is wanted at least as much as `application/json`; `accept` is the header's value.
bool prefers_health_json(std::string_view accept);

// `/health`, `/health/detailed`, `/startupz`; the view outlives the answers.
void add_probe_views(Answers& answers, const ProbeView& view);

}  // namespace mythos::monitor
