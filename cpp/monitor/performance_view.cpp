#include "monitor/performance_view.hpp"

#include "hub/application.hpp"
#include "monitor/memory_usage.hpp"
#include "monitor/process_usage.hpp"
#include "monitor/timing_json.hpp"

namespace mythos::monitor {

using stats::Counter;
using stats::Latency;
using stats::Window;

namespace {

Json establishment_json(const Statistics& statistics, Window window) {
    const auto websocket = statistics.latency(Latency::established_websocket, window);
    const auto sse = statistics.latency(Latency::established_sse, window);
    Json out{{"total_connections", websocket.count() + sse.count()},
             {"websocket_connections", websocket.count()},
             {"sse_connections", sse.count()},
             {"connections_per_second", websocket.rate() + sse.rate()}};
    put_timing(out, "websocket_establishment", websocket);
    put_timing(out, "sse_establishment", sse);
    return out;
}

Json delivery_json(const Statistics& statistics, Window window) {
    const auto written = statistics.count(Counter::deliveries_written, window);
    const auto failed =
        statistics.count(Counter::deliveries_gap, window) + statistics.count(Counter::deliveries_unsent, window);
    const auto to_socket = statistics.latency(Latency::delivery, window);
    Json out{{"total_messages_sent", written + failed},
             {"successful_deliveries", written},
             {"failed_deliveries", failed},
             {"conflated_deliveries", statistics.count(Counter::deliveries_conflated, window)},
             {"delivery_success_rate", statistics.delivery_success_percent(window)},
             {"deliveries_per_second", to_socket.rate()}};
    put_timing(out, "delivery_time", to_socket);
    // Three clocks for one delivery: each says where it begins and ends.
    out["append_to_socket"] = timing_json(to_socket);
    out["append_to_acknowledgement"] = timing_json(statistics.latency(Latency::acknowledgement, window));
    out["clients_own_delay"] = timing_json(statistics.latency(Latency::client_delay, window));
    return out;
}

Json requests_json(const Statistics& statistics, Window window) {
    const auto requests = statistics.latency(Latency::request, window);
    Json out = Json::object();
    put_timing(out, "response_time", requests);
    out["requests_per_second"] = requests.rate();
    out["total_requests"] = requests.count();
    return out;
}

Json window_json(const Statistics& statistics, Window window) {
    return {{"window_seconds", statistics.seconds(window)},
            {"connection_establishment", establishment_json(statistics, window)},
            {"message_delivery", delivery_json(statistics, window)},
            {"system_performance", requests_json(statistics, window)}};
}

void put_lifetime(Json& out, const hub::Node& node) {
    const auto websocket = node.count(Counter::opened_websocket), sse = node.count(Counter::opened_sse);
    Json& establishment = out["connection_establishment"];
    establishment["lifetime_total_connections"] = websocket + sse;
    establishment["lifetime_websocket_connections"] = websocket;
    establishment["lifetime_sse_connections"] = sse;
    const auto written = node.count(Counter::deliveries_written);
    const auto failed = node.count(Counter::deliveries_gap) + node.count(Counter::deliveries_unsent);
    Json& delivery = out["message_delivery"];
    delivery["lifetime_messages_sent"] = written + failed;
    delivery["lifetime_successful_deliveries"] = written;
    delivery["lifetime_failed_deliveries"] = failed;
}

}  // namespace

std::string performance_json(hub::Node& node, const Statistics& statistics, Window window, WallTime wall) {
    Json out{{"window", stats::shape_of(window).name}};
    out.update(window_json(statistics, window));
    put_lifetime(out, node);
    Json& system = out["system_performance"];
    const auto resident = resident_bytes().value_or(0);
    system["memory_usage_mb"] = static_cast<double>(resident) / (1 << 20);
    system["memory_usage_percent"] = memory_usage().value_or(MemoryUsage{0, 1}).percent();
    system["cpu_usage_percent"] = statistics.cpu_percent();
    system["active_connections"] = hub::Application(node).connections();
    out["percentile_error_max_percent"] = 100 * stats::kErrorBound;
    Json& windows = out["windows"];
    for (const Window each : stats::kEachWindow)
        windows[std::string(stats::shape_of(each).name)] = window_json(statistics, each);
    out["timestamp"] = iso8601(wall);
    return print(out);
}

void add_performance_view(Answers& answers, hub::Node& node, const Statistics& statistics, const Clock& clock) {
    answers.add(transport::Route::performance, [&](const MonitorRequest& request) -> MonitorAnswer {
        const auto window = window_of(request);
        if (!window) return window.error();
        return json_response(performance_json(node, statistics, *window, clock.wall()));
    });
}

}  // namespace mythos::monitor
