#include "monitor/health_views.hpp"

#include "hub/application.hpp"
#include "monitor/timing_json.hpp"

namespace mythos::monitor {

using stats::Window;

std::string connection_health_json(const hub::Node& node, const Statistics& statistics, Window window, WallTime wall) {
    const hub::SurveySums sums = node.survey();
    const auto of_wire = [&](std::size_t wire) -> Json {
        return {{"total", sums.total(wire)},
                {"healthy", sums.healthy[wire]},
                {"unhealthy", sums.unhealthy[wire]},
                {"health_percentage", hub::health_percent(sums.healthy[wire], sums.unhealthy[wire])}};
    };
    const auto healthy = sums.healthy[0] + sums.healthy[1], unhealthy = sums.unhealthy[0] + sums.unhealthy[1];
    Json windows = Json::object();
    for (const Window each : stats::kEachWindow) {
        const auto level = statistics.health(each);
        windows[std::string(stats::shape_of(each).name)] = {
            {"health_percentage", level.mean}, {"lowest", level.lowest}, {"window_seconds", level.seconds}};
    }
    const auto asked = statistics.health(window);
    const Json out{
        {"window", stats::shape_of(window).name},
        {"window_seconds", asked.seconds},
        {"overall_health",
         {{"total_connections", healthy + unhealthy},
          {"healthy_connections", healthy},
          {"unhealthy_connections", unhealthy},
          {"health_percentage", hub::health_percent(healthy, unhealthy)}}},
        {"connection_type_health", {{"websocket", of_wire(0)}, {"sse", of_wire(1)}}},
        {"unhealthy_by_cause",
         {{"heartbeat_missed", sums.causes[0]}, {"unacknowledged", sums.causes[1]}, {"lagging", sums.causes[2]}}},
        {"health_trends",
         {{"last_hour_health_percentage", statistics.health(Window::hour).mean},
          {"last_24_hours_health_percentage", statistics.health(Window::day).mean},
          {"window_health_percentage", asked.mean},
          {"window_lowest_health_percentage", asked.lowest}}},
        {"windows", windows},
        {"connection_age_distribution",
         {{"0-5_minutes", sums.ages[0]},
          {"5-30_minutes", sums.ages[1]},
          {"30_minutes-2_hours", sums.ages[2]},
          {"2_hours+", sums.ages[3]}}},
        {"timestamp", iso8601(wall)}};
    return print(out);
}

std::string dual_connections_json(hub::Node& node, WallTime wall) {
    const auto numbers = hub::Application(node).numbers();
    const auto& [connections, only, dual] = numbers.census;
    const auto players = only[0] + only[1] + dual;
    const Json out{
        {"connection_distribution",
         {{"total_players", players},
          {"websocket_only_players", only[0]},
          {"sse_only_players", only[1]},
          {"dual_connection_players", dual}}},
        {"connections",
         {{"total", connections[0] + connections[1]}, {"websocket", connections[0]}, {"sse", connections[1]}}},
        {"sessions", numbers.sessions},
        {"timestamp", iso8601(wall)}};
    return print(out);
}

void add_health_views(Answers& answers, hub::Node& node, const Statistics& statistics, const Clock& clock) {
    answers.add(transport::Route::connection_health, [&](const MonitorRequest& request) -> MonitorAnswer {
        const auto window = window_of(request);
        if (!window) return window.error();
        return json_response(connection_health_json(node, statistics, *window, clock.wall()));
    });
    answers.add(transport::Route::dual_connections, [&](const MonitorRequest&) -> MonitorAnswer {
        return json_response(dual_connections_json(node, clock.wall()));
    });
}

}  // namespace mythos::monitor
