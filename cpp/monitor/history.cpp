#include "monitor/history.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "hub/application.hpp"
#include "observe/error_tracker.hpp"

namespace mythos::monitor {

using stats::Counter;
using stats::Distribution;
using stats::Latency;

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr int kFirstBoundOctave = 13;

double ratio(double part, double whole) { return whole > 0 ? part / whole : kUnknown; }

// What came between two lifetimes of one histogram.
Distribution since(const Distribution& before, const Distribution& after) {
    std::vector<std::uint64_t> counts(after.counts().begin(), after.counts().end());
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] -= before.counts()[i];
    counts.push_back(after.overflow() - before.overflow());
    return {std::move(counts), after.sum() - before.sum(), after.max()};
}

double milliseconds_at(const Distribution& times, double percent) {
    return times.count() == 0 ? kUnknown : times.percentile(percent) / 1e6;
}

// To three decimals: more would be noise, and four times as many bytes.
Json number(double value) { return std::isfinite(value) ? Json(std::round(value * 1e3) / 1e3) : Json(nullptr); }

}  // namespace

std::uint64_t History::bound_ns(std::size_t index) {
    return static_cast<std::uint64_t>(std::llround(std::exp2(kFirstBoundOctave + static_cast<double>(index) / 2)));
}

History::History(hub::Node& node, const Statistics& statistics, const Transitions& transitions, MonoTime start)
    : node_(node), statistics_(statistics), transitions_(transitions), ended_(start), before_(totals()) {
    for (const auto& [name, value] : measure(before_, before_, kStep.seconds())) names_.push_back(name);
}

History::Totals History::totals() const {
    Totals now;
    for (std::size_t i = 0; i < stats::kCounters; ++i) now.counters.push_back(node_.count(static_cast<Counter>(i)));
    now.latencies = {stats::lifetime(node_.shards(Latency::delivery)),
                     stats::lifetime(node_.shards(Latency::acknowledgement)),
                     stats::lifetime(node_.shards(Latency::client_delay))};
    now.all_errors = total_of(statistics_.errors());
    for (const auto& group : node_.errors().groups()) now.errors[group.fingerprint()] = group.count;
    return now;
}

History::Values History::measure(const Totals& before, const Totals& after, double seconds) const {
    const auto count = [&](Counter counter) {
        const auto index = static_cast<std::size_t>(counter);
        return static_cast<double>(after.counters[index] - before.counters[index]);
    };
    const auto rate = [&](auto... counters) { return (count(counters) + ...) / seconds; };
    const double written = count(Counter::deliveries_written);
    const double failed = count(Counter::deliveries_gap) + count(Counter::deliveries_unsent);
    const Distribution delivery = since(before.latencies[0], after.latencies[0]);
    const Distribution acknowledged = since(before.latencies[1], after.latencies[1]);
    const Distribution clients = since(before.latencies[2], after.latencies[2]);
    const hub::SurveySums sums = node_.survey();
    const auto healthy = sums.healthy[0] + sums.healthy[1], unhealthy = sums.unhealthy[0] + sums.unhealthy[1];
    const auto numbers = hub::Application(node_).numbers();
    return {{"health_percentage", hub::health_percent(healthy, unhealthy)},
            {"websocket", sums.total(0)},
            {"sse", sums.total(1)},
            {"sessions", numbers.sessions},
            {"dual_connection_players", numbers.census.players_dual},
            {"opened_per_second", rate(Counter::opened_websocket, Counter::opened_sse)},
            {"reconnects_per_second", rate(Counter::reconnects_websocket, Counter::reconnects_sse)},
            {"promotions_per_second", rate(Counter::promotions)},
            {"published_per_second", rate(Counter::published)},
            {"deliveries_per_second", written / seconds},
            {"fan_out", ratio(written, count(Counter::published))},
            {"success_rate", ratio(100 * written, written + failed)},
            {"failed_per_second", failed / seconds},
            {"conflated_per_second", rate(Counter::deliveries_conflated)},
            {"replayed_per_second", rate(Counter::replayed)},
            {"p50_ms", milliseconds_at(delivery, 50)},
            {"p95_ms", milliseconds_at(delivery, 95)},
            {"p99_ms", milliseconds_at(delivery, 99)},
            {"acknowledged_p95_ms", milliseconds_at(acknowledged, 95)},
            {"client_p95_ms", milliseconds_at(clients, 95)},
            {"errors_per_minute", 60 * static_cast<double>(after.all_errors - before.all_errors) / seconds},
            {"slow_consumers", sums.causes[2]},
            {"send_queue_messages", sums.queued_messages},
            {"memory_usage_percent", statistics_.system().memory_percent()},
            {"cpu_usage_percent", statistics_.cpu_percent()}};
}

void History::tick(MonoTime now) {
    std::int64_t steps = (now - ended_).ns / kStep.ns;
    if (steps < 1) return;
    Totals after = totals();
    const double seconds = (now - ended_).seconds();
    // Of several steps at once it is known only what they brought together: it stands in the last.
    for (steps = std::min<std::int64_t>(steps, kSteps); steps > 1; --steps) add({});
    Point point;
    for (const auto& [name, value] : measure(before_, after, seconds))
        point.values.push_back(static_cast<float>(value));
    const Distribution delivery = since(before_.latencies[0], after.latencies[0]);
    for (std::size_t i = 0, at = 0; i < delivery.counts().size(); ++i) {
        while (at < kBounds && stats::lowest_of(i) >= bound_ns(at)) ++at;
        point.heat[at] += static_cast<std::uint32_t>(delivery.counts()[i]);
    }
    for (const auto& [fingerprint, count] : after.errors) {
        const auto before = before_.errors.find(fingerprint);
        const std::uint64_t came = count - (before == before_.errors.end() ? 0 : before->second);
        if (came > 0) point.errors.emplace_back(fingerprint, static_cast<std::uint32_t>(came));
    }
    point.heat.back() += static_cast<std::uint32_t>(delivery.overflow());
    add(std::move(point));
    before_ = std::move(after);
    ended_ = now;
}

void History::add(Point point) {
    points_.push_back(std::move(point));
    if (points_.size() > kSteps) points_.pop_front();
}

// By fingerprint a column of counts.
Json History::error_trends() const {
    std::map<std::string, std::uint64_t> totals;
    for (const Point& point : points_)
        for (const auto& [fingerprint, count] : point.errors) totals[fingerprint] += count;
    std::vector<std::pair<std::uint64_t, std::string>> most;
    for (const auto& [fingerprint, count] : totals) most.emplace_back(count, fingerprint);
    std::ranges::sort(most, std::greater{});
    if (most.size() > kErrorTrends) most.resize(kErrorTrends);
    Json trends = Json::object();
    for (const auto& [count, fingerprint] : most) trends[fingerprint] = std::vector<std::uint32_t>(points_.size());
    for (std::size_t i = 0; i < points_.size(); ++i)
        for (const auto& [fingerprint, count] : points_[i].errors)
            if (trends.contains(fingerprint)) trends[fingerprint][i] = count;
    return trends;
}

std::string History::json(MonoTime now, WallTime wall) const {
    Json series = Json::object(), heat = Json::array(), bounds = Json::array();
    for (std::size_t i = 0; i < names_.size(); ++i) {
        Json& column = series[std::string(names_[i])] = Json::array();
        for (const Point& point : points_) column.push_back(number(point.values.empty() ? kUnknown : point.values[i]));
    }
    for (const Point& point : points_) heat.push_back(point.values.empty() ? Json(nullptr) : Json(point.heat));
    for (std::size_t i = 0; i < kBounds; ++i) bounds.push_back(static_cast<double>(bound_ns(i)) / 1e6);
    const double end = static_cast<double>(wall.ns - (now - ended_).ns) / 1e9;
    return print(Json{{"timestamp", iso8601(wall)},
                      {"step_s", kStep.seconds()},
                      {"end", end},
                      {"series", std::move(series)},
                      {"errors", error_trends()},
                      {"events", transitions_.json(wall)},
                      {"heatmap", {{"bounds_ms", std::move(bounds)}, {"counts", std::move(heat)}}}});
}

void add_history_view(Answers& answers, const History& history, const Clock& clock) {
    answers.add(transport::Route::monitoring_history, [&](const MonitorRequest&) -> MonitorAnswer {
        return json_response(history.json(clock.mono(), clock.wall()));
    });
}

}  // namespace mythos::monitor
