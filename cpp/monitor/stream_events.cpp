#include "monitor/stream_events.hpp"

#include <utility>

#include "hub/application.hpp"
#include "monitor/timing_json.hpp"

namespace mythos::monitor {

using stats::Counter;
using stats::Latency;
using stats::Window;

StreamEvents::Totals StreamEvents::totals() const {
    return {node_.count(Counter::opened_websocket) + node_.count(Counter::opened_sse),
            node_.count(Counter::deliveries_written),
            node_.count(Counter::deliveries_gap) + node_.count(Counter::deliveries_unsent),
            stats::lifetime(node_.shards(Latency::request)).count(), total_of(statistics_.errors())};
}

std::string StreamEvents::next(WallTime wall) {
    const Totals now = totals();
    const MonoTime at = statistics_.now();
    const bool first = !before_at_;
    const Totals before = std::exchange(before_, now);
    const double seconds = (at - std::exchange(before_at_, at).value_or(at)).seconds();
    // Of a first event it is not known since when.
    const auto since = [&](std::uint64_t total, std::uint64_t was) { return first ? 0 : total - was; };
    const auto rate = [&](std::uint64_t n) { return first || seconds <= 0 ? 0 : static_cast<double>(n) / seconds; };

    const hub::SurveySums sums = node_.survey();
    const auto healthy = sums.healthy[0] + sums.healthy[1], unhealthy = sums.unhealthy[0] + sums.unhealthy[1];
    const auto numbers = hub::Application(node_).numbers();
    const auto delivery = statistics_.latency(Latency::delivery, Window::minute).summary();
    const auto written = since(now.written, before.written), failed = since(now.failed, before.failed);
    const auto errors_last_hour = total_of(statistics_.errors(Window::hour));
    const Json out{{"timestamp", iso8601(wall)},
                   {"seconds", seconds},
                   {"window", stats::shape_of(Window::minute).name},
                   {"health",
                    {{"total_connections", healthy + unhealthy},
                     {"healthy_connections", healthy},
                     {"unhealthy_connections", unhealthy},
                     {"health_percentage", hub::health_percent(healthy, unhealthy)}}},
                   {"connections",
                    {{"websocket", sums.total(0)},
                     {"sse", sums.total(1)},
                     {"sessions", numbers.sessions},
                     {"websocket_only_players", numbers.census.players_only[0]},
                     {"sse_only_players", numbers.census.players_only[1]},
                     {"dual_connection_players", numbers.census.players_dual},
                     {"opened", since(now.opened, before.opened)}}},
                   {"deliveries",
                    {{"successful", written},
                     {"failed", failed},
                     {"per_second", rate(written)},
                     {"success_rate", statistics_.delivery_success_percent(Window::minute)},
                     {"p50_ms", delivery.p50 / 1e6},
                     {"p95_ms", delivery.p95 / 1e6},
                     {"p99_ms", delivery.p99 / 1e6}}},
                   {"errors",
                    {{"new", since(now.errors, before.errors)},
                     {"total_errors_last_minute", total_of(statistics_.errors(Window::minute))},
                     {"total_errors_last_hour", errors_last_hour},
                     {"error_rate_per_minute", rate_per_minute(errors_last_hour)}}},
                   {"requests_per_second", rate(since(now.requests, before.requests))},
                   {"avg_response_time_ms", statistics_.latency(Latency::request, Window::minute).mean() / 1e6},
                   {"send_queue_messages", sums.queued_messages},
                   {"slow_consumers", sums.causes[2]},
                   {"memory_usage_percent", statistics_.system().memory_percent()},
                   {"cpu_usage_percent", statistics_.cpu_percent()}};
    return "data: " + print(out) + "\n\n";
}

}  // namespace mythos::monitor
