#include "monitor/probe_view.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/json_text.hpp"
#include "transport/accept.hpp"
#include "transport/uri.hpp"

namespace mythos::monitor {

using nlohmann::json;
using observe::ComponentHealth;
using observe::Health;
using observe::HealthReport;
using transport::HttpResponse;
using transport::weight_in;

namespace {

constexpr std::string_view kDraftType = "application/health+json";
// The components whose figures are live.
constexpr const char *kConnections = "connections", *kPerformance = "performance";

json connections_json(const ConnectionCounts& now) {
    return {{"total_connections", now.total},
            {"healthy_connections", now.healthy},
            {"unhealthy_connections", now.total - now.healthy},
            {"health_percentage", now.health_percent()}};
}

json requests_json(const RequestFigures& figures) {
    return {{"avg_response_time_ms", figures.average_ms}, {"requests_per_second", figures.per_second}};
}

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

Result<HealthQuestion> HealthQuestion::read(const MonitorRequest& request) {
    const auto window = window_of(request);
    if (!window) return window.error();
    return HealthQuestion{request.accept, *window, transport::QueryParameters::parse(request.query)->text("tag")};
}

ProbeView::ProbeView(const HealthChecker& checker, ServerState state, LiveFigures figures, const Clock& clock)
    : checker_(checker), state_(std::move(state)), figures_(std::move(figures)), clock_(clock), began_(clock.mono()) {}

std::int64_t ProbeView::uptime_s() const { return (clock_.mono() - began_).ns / 1'000'000'000; }

HttpResponse ProbeView::live() const {
    const bool turns = state_.loops_turn(clock_.mono());
    return answer({{"status", turns ? "alive" : "stuck"}}, turns);
}

MonitorAnswer ProbeView::ready(std::string_view query) const {
    const auto parameters = transport::QueryParameters::parse(query);
    if (!parameters) return Error{"bad_request", "The query has a broken percent escape."};
    const auto report = this->report({.tag = parameters->text("tag")});
    if (!report) return report.error();
    json reasons = json::array();
    const bool draining = state_.draining();
    if (draining) reasons.push_back("draining");
    if (!state_.has_room()) reasons.push_back("connection_limit");
    for (const auto& component : report->components) {
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

MonitorAnswer ProbeView::health(const HealthQuestion& question) const {
    return whole(question, [](const ComponentHealth& component) -> json { return name_of(component.status); });
}

MonitorAnswer ProbeView::detailed(const HealthQuestion& question) const { return whole(question, component_json); }

// Each component as it was judged, those of the live figures with what these are now.
Result<HealthReport> ProbeView::report(const HealthQuestion& question) const {
    HealthReport report = checker_.report(question.tag);
    if (report.components.empty() && !question.tag.empty()) return Error{"not_found", "No component has this tag."};
    for (ComponentHealth& component : report.components) {
        if (component.spec.name == kConnections)
            component.details = protocol::print_json(connections_json(figures_.connections()));
        if (component.spec.name == kPerformance)
            component.details = protocol::print_json(requests_json(figures_.requests(question.window)));
    }
    return report;
}

json ProbeView::windows() const {
    json all;
    for (const stats::Window window : stats::kEachWindow) {
        const auto health = figures_.connection_health(window);
        all[std::string(stats::shape_of(window).name)] = {
            {"window_seconds", health.seconds},
            {kConnections, {{"health_percentage", health.mean}, {"lowest_health_percentage", health.lowest}}},
            {kPerformance, requests_json(figures_.requests(window))}};
    }
    return all;
}

MonitorAnswer ProbeView::whole(const HealthQuestion& question, json (*tell)(const ComponentHealth&)) const {
    const auto report = this->report(question);
    if (!report) return report.error();
    HttpResponse response;
    if (prefers_health_json(question.accept)) {
        response = draft(*report);
    } else {
        json components = json::object();
        for (const auto& component : report->components) components[component.spec.name] = tell(component);
        json out{{"status", name_of(report->status)},
                 {"timestamp", iso8601(clock_.wall())},
                 {"version", MYTHOS_VERSION},
                 {"uptime", uptime_s()},
                 {"components", std::move(components)},
                 {"window", stats::shape_of(question.window).name},
                 {"windows", windows()}};
        if (!question.tag.empty()) out["tag"] = question.tag;
        response = answer(out, report->status != Health::unhealthy);
    }
    response.headers.emplace_back("Vary", "Accept");
    return response;
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
    answers.add(Route::health, [&view](const MonitorRequest& request) -> MonitorAnswer {
        const auto question = HealthQuestion::read(request);
        return question ? view.health(*question) : question.error();
    });
    answers.add(Route::health_detailed, [&view](const MonitorRequest& request) -> MonitorAnswer {
        const auto question = HealthQuestion::read(request);
        return question ? view.detailed(*question) : question.error();
    });
    answers.add(Route::startup, [&view](const MonitorRequest&) { return view.startup(); });
}

}  // namespace mythos::monitor
