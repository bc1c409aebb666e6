// The part of ServerCore that watches: monitoring, history, health, errors, and what the alert engine reads and tells.
#include <pybind11/stl.h>

#include <future>
#include <optional>
#include <utility>

#include "bindings/core_error.hpp"
#include "bindings/metric_values.hpp"
#include "bindings/server_running.hpp"
#include "bindings/store_values.hpp"

namespace mythos::bindings {

namespace {

Duration duration_of(double seconds) { return {static_cast<std::int64_t>(seconds * 1e9)}; }

}  // namespace

py::bytes ServerCore::monitoring(const std::string& route, const std::string& parameter,
                                 const std::string& query) const {
    const auto match = transport::match_route("GET", "/monitoring/" + route + (parameter.empty() ? "" : "/one"));
    if (match.kind != transport::RouteMatch::Kind::found || !transport::is_monitors(match.route))
        raise_core_error({"not_found", "The monitor has no such route."});
    const auto answer = unlocked([&](Running& server) -> transport::MonitorAnswer {
        std::promise<transport::MonitorAnswer> told;
        const auto tell = [&told](transport::MonitorAnswer made) { told.set_value(std::move(made)); };
        if (!server.server->ask_monitor({match.route, parameter, query, {}, {}}, tell))
            return Error{"overloaded", "Too many ask the monitor at once; try again later."};
        return told.get_future().get();
    });
    if (!answer) raise_core_error(answer.error());
    return py::bytes(answer->body);
}

py::bytes ServerCore::history(bool connections, const std::string& player_id, const std::string& session_id,
                              std::optional<double> since, std::size_t limit) const {
    const auto query = history_query(connections, player_id, session_id, since, limit);
    return value_or_raise(unlocked([&](Running& server) {
        const store::Store* store = server.server->store();
        return store::read_history(store == nullptr ? store::StoreUrl{} : store->url(), query);
    }));
}

bool ServerCore::flush_history(double timeout_s) const {
    const Duration at_most{static_cast<std::int64_t>(timeout_s * 1e9)};
    return unlocked([&](Running& server) {
        store::Store* store = server.server->store();
        return store == nullptr || store->flush(at_most);
    });
}

py::object ServerCore::store_probe() const {
    const auto probe = unlocked([](Running& server) {
        const store::Store* store = server.server->store();
        return store == nullptr ? std::optional<store::StoreProbe>() : store->probe();
    });
    if (!probe) return py::none();
    return probe_values(*probe);
}

void ServerCore::add_health(const std::string& name, bool critical, double interval_s, double timeout_s,
                            std::vector<std::string> tags) {
    observe::ComponentSpec spec{name, critical, duration_of(interval_s), duration_of(timeout_s), std::move(tags)};
    raise_if_failed(
        unlocked([&](Running& server) { return server.server->health().add(std::move(spec), server.clock.mono()); }));
}

void ServerCore::remove_health(const std::string& name) {
    unlocked([&](Running& server) {
        server.server->health().remove(name);
        return true;
    });
}

void ServerCore::report_health(const std::string& name, const std::string& status, double took_s, std::string details) {
    const auto health = observe::health_named(status);
    if (!health) raise_core_error({"bad_status", "A status is healthy, degraded or unhealthy."});
    unlocked([&](Running& server) {
        server.server->health().report(name, {*health, duration_of(took_s), std::move(details)}, server.clock.mono(),
                                       server.clock.wall());
        return true;
    });
}

void ServerCore::note_check_failure(const std::string& name, const std::string& code, const std::string& why) {
    unlocked([&](Running& server) {
        server.server->errors().record(stats::Counter::health_check_failures, {.code = code, .exception = why},
                                       {{"component", name}});
        return true;
    });
}

py::bytes ServerCore::health() const {
    return unlocked([](Running& server) { return server.server->health_json(); });
}

py::tuple ServerCore::samples() const {
    return sample_values(unlocked([](Running& server) { return monitor::samples_of(server.server->collect()); }));
}

void ServerCore::tell_alerts(std::string report, const py::list& metrics) {
    auto families = families_of(metrics);
    unlocked([&](Running& server) {
        if (report.empty())
            server.server->alerts().clear();
        else
            server.server->alerts().tell(std::move(report), std::move(families));
        return true;
    });
}

void ServerCore::record_error(const std::string& type, const std::string& severity, const std::string& code,
                              const std::string& message, const std::string& player_id, const std::string& session_id,
                              const std::string& connection_id, std::string details) {
    const auto kind = stats::error_type_named(type);
    const auto grade = stats::severity_named(severity);
    if (!kind || !grade) raise_core_error({"bad_value", "There is no such type or severity of errors."});
    unlocked([&](Running& server) {
        server.server->errors().record_own(*kind, *grade,
                                           {.player_id = player_id,
                                            .session_id = session_id,
                                            .connection_id = connection_id,
                                            .code = code,
                                            .text = message},
                                           std::move(details));
        return true;
    });
}

py::bytes ServerCore::errors(std::size_t recent_max) const {
    return value_or_raise(unlocked([&](Running& server) { return server.server->errors_json(recent_max); }));
}

}  // namespace mythos::bindings
