#include "monitor/probe_view.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "monitor/accept.hpp"
#include "protocol/json_text.hpp"

namespace mythos::monitor {

using nlohmann::json;
using observe::ComponentHealth;
using observe::Health;
using observe::HealthReport;
using transport::HttpResponse;

namespace {

constexpr std::string_view kDraftType = "application/health+json";

HttpResponse answer(const json& body, bool well) { return json_response(protocol::print_json(body), well ? 200 : 503); }

json details_of(const ComponentHealth& component) {
    json details = json::parse(component.details, nullptr, false);
    return details.is_object() ? details : json::object();
}

// What a check tells of itself comes first, so that it cannot stand for what the server knows.
json component_json(const ComponentHealth& component) {
    json out = details_of(component);
    out["status"] = name_of(component.status);
    if (!out.contains("response_time_ms")) out["response_time_ms"] = component.took.seconds() * 1e3;
    out["time"] = component.checked_at ? json(iso8601(*component.checked_at)) : json();
    out["age_ms"] = component.age.ms();
    out["stale"] = component.stale;
    out["critical"] = component.spec.critical;
    if (component.pending) out["pending"] = true;
    if (!component.spec.tags.empty()) out["tags"] = component.spec.tags;
    return out;
}

std::string_view draft_word(Health health) {
    constexpr std::string_view kWords[] = {"pass", "warn", "fail"};
    return kWords[static_cast<std::size_t>(health)];
}

// Of the numbers that a component tells, those that the draft has a place for.
struct Observed {
    const char* detail;
    const char* name;
    const char* unit;
};
constexpr Observed kObserved[] = {{"response_time_ms", "responseTime", "ms"},
                                  {"usage_percentage", "utilization", "percent"},
                                  {"health_percentage", "healthy", "percent"},
                                  {"connection_count", "connections", "connections"},
                                  {"lag_ms", "lag", "ms"}};

void add_draft_checks(json& checks, const ComponentHealth& component) {
    const json told = component_json(component);
    for (const Observed& observed : kObserved) {
        if (!told.contains(observed.detail) || !told[observed.detail].is_number()) continue;
        json check{{"componentId", component.spec.name},
                   {"componentType", component.spec.name == "database" ? "datastore" : "component"},
                   {"observedValue", told[observed.detail]},
                   {"observedUnit", observed.unit},
                   {"status", draft_word(component.status)},
                   {"time", told["time"]}};
        if (component.stale) check["output"] = "stale";
        checks[component.spec.name + ":" + observed.name] = json::array({std::move(check)});
    }
}

}  // namespace

bool prefers_health_json(std::string_view accept) {
    const double health = weight_in(accept, {kDraftType}).value_or(0);
    return health > 0 && health >= weight_in(accept, {"application/json"}).value_or(0);
}

ProbeView::ProbeView(const HealthChecker& checker, ServerState state, const Clock& clock)
    : checker_(checker), state_(std::move(state)), clock_(clock), began_(clock.mono()) {}

std::int64_t ProbeView::uptime_s() const { return (clock_.mono() - began_).ns / 1'000'000'000; }

HttpResponse ProbeView::live() const {
    const bool turns = state_.loops_turn(clock_.mono());
    return answer({{"status", turns ? "alive" : "stuck"}}, turns);
}

HttpResponse ProbeView::ready() const {
    json reasons = json::array();
    const bool draining = state_.draining();
    if (draining) reasons.push_back("draining");
    if (!state_.has_room()) reasons.push_back("connection_limit");
    for (const auto& component : checker_.report().components) {
        if (!component.spec.critical) continue;
        if (component.status == Health::unhealthy || component.pending)
            reasons.push_back("check:" + component.spec.name);
    }
    if (reasons.empty()) return answer({{"status", "ready"}}, true);
    return answer({{"status", draining ? "draining" : "unready"}, {"reasons", std::move(reasons)}}, false);
}

HttpResponse ProbeView::startup() const {
    const HealthReport report = checker_.report();
    if (report.started()) return answer({{"status", "started"}}, true);
    json waiting = json::array();
    for (const auto& component : report.components)
        if (component.spec.critical && !component.checked_at) waiting.push_back("check:" + component.spec.name);
    return answer({{"status", "starting"}, {"reasons", std::move(waiting)}}, false);
}

HttpResponse ProbeView::health(std::string_view accept) const {
    return whole(accept, [](const ComponentHealth& component) -> json { return name_of(component.status); });
}

HttpResponse ProbeView::detailed(std::string_view accept) const { return whole(accept, component_json); }

HttpResponse ProbeView::whole(std::string_view accept, json (*tell)(const ComponentHealth&)) const {
    const HealthReport report = checker_.report();
    if (prefers_health_json(accept)) return draft(report);
    json components = json::object();
    for (const auto& component : report.components) components[component.spec.name] = tell(component);
    return answer({{"status", name_of(report.status)},
                   {"timestamp", iso8601(clock_.wall())},
                   {"version", MYTHOS_VERSION},
                   {"uptime", uptime_s()},
                   {"components", std::move(components)}},
                  report.status != Health::unhealthy);
}

HttpResponse ProbeView::draft(const HealthReport& report) const {
    json checks{{"uptime", json::array({{{"componentType", "system"},
                                         {"observedValue", uptime_s()},
                                         {"observedUnit", "s"},
                                         {"status", "pass"},
                                         {"time", iso8601(clock_.wall())}}})}};
    for (const auto& component : report.components) add_draft_checks(checks, component);
    HttpResponse response = answer({{"status", draft_word(report.status)},
                                    {"version", "1"},
                                    {"releaseId", MYTHOS_VERSION},
                                    {"description", "Mythos"},
                                    {"checks", std::move(checks)}},
                                   report.status != Health::unhealthy);
    response.content_type = kDraftType;
    return response;
}

void add_probe_views(Answers& answers, const ProbeView& view) {
    using transport::Route;
    answers.add(Route::health, [&view](const MonitorRequest& request) { return view.health(request.accept); });
    answers.add(Route::health_detailed,
                [&view](const MonitorRequest& request) { return view.detailed(request.accept); });
    answers.add(Route::startup, [&view](const MonitorRequest&) { return view.startup(); });
}

}  // namespace mythos::monitor
