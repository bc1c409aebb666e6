#include "monitor/connection_metrics.hpp"

#include <algorithm>

#include "hub/application.hpp"

namespace mythos::monitor {

using prometheus::MetricType;

namespace {

// Few sessions are looked at for each scrape, so that it agrees with itself. Beyond that, between two looks at all of
// them: a dozen scrapers cost no more than one.
constexpr std::size_t kCollectAfreshMax = 1'000;
constexpr Duration kCollectEach = seconds(5);

constexpr std::string_view kRequestDuration = "mythos_request_duration_seconds";

std::vector<std::uint64_t> edge_counts(const std::vector<std::shared_ptr<stats::HistogramShard>>& shards) {
    std::vector<std::uint64_t> counts(shards.front()->edges().size() + 1);
    for (const auto& shard : shards)
        for (std::size_t edge = 0; edge < counts.size(); ++edge) counts[edge] += shard->edge_count(edge);
    return counts;
}

}  // namespace

void SessionRanking::collect(hub::Node& node) {
    named_.clear();
    others_ = 0;
    const auto more = [](const Session& a, const Session& b) { return a.connections > b.connections; };
    std::uint64_t sessions = 0, connections = 0;
    // A heap with the least on top: most sessions do not get in, and nothing of them is copied.
    hub::Application(node).each_session([&](const std::string& session_id, std::uint32_t n) {
        ++sessions;
        connections += n;
        if (named_.size() == kNamed) {
            if (n <= named_.front().connections) return;
            std::pop_heap(named_.begin(), named_.end(), more);
            named_.pop_back();
        }
        named_.push_back({session_id, n});
        std::push_heap(named_.begin(), named_.end(), more);
    });
    std::sort_heap(named_.begin(), named_.end(), more);
    std::uint64_t told = 0;
    for (const Session& session : named_) told += session.connections;
    others_ = connections - told;
    folded_ += sessions - named_.size();
}

void ConnectionMetrics::add_to(Families& all) {
    add_connections(all);
    add_sessions(all);
    add_loops(all);
    add_requests(all);
}

void ConnectionMetrics::add_connections(Families& all) {
    const hub::SurveySums sums = node_.survey();
    const hub::Hub::Numbers numbers = hub::Application(node_).numbers();
    const auto gauge = [&](std::string_view name, std::string_view help, std::uint64_t value,
                           const Labels& labels = {}) {
        add_gauge(all, name, help, static_cast<double>(value), labels);
    };
    constexpr std::string_view kByType = "mythos_connections_by_type";
    constexpr std::string_view kByTypeHelp =
        "Players, not connections, by what they are connected with: a WebSocket only, an event stream only, or both.";
    gauge(kByType, kByTypeHelp, numbers.census.players_only[0], {{"type", "websocket"}});
    gauge(kByType, kByTypeHelp, numbers.census.players_only[1], {{"type", "sse"}});
    gauge(kByType, kByTypeHelp, numbers.census.players_dual, {{"type", "dual"}});
    add_gauge(all, "mythos_connection_health_percentage", "Healthy connections, in a hundred; 100 where there is none.",
              hub::health_percent(sums.healthy[0] + sums.healthy[1], sums.unhealthy[0] + sums.unhealthy[1]));
    gauge("mythos_connection_limit", "How many connections are let in at once.", numbers.connections_max);
    gauge("mythos_subscriptions", "Subscriptions of sessions to channels.", numbers.subscriptions);
    gauge("mythos_channels", "Channels that somebody subscribes to.", numbers.channels);
    gauge("mythos_send_queue_messages", "Entries owed to connections that their sockets have not taken yet.",
          sums.queued_messages);
    gauge("mythos_send_queue_bytes",
          "Bytes of those entries and of replies that wait; of long queues estimated from the first thousand entries.",
          sums.queued_bytes);
    gauge("mythos_slow_consumers", "Connections that lag by more than 1,000 entries or 1 MiB.", sums.causes[2]);
}

void ConnectionMetrics::add_sessions(Families& all) {
    const MonoTime now = statistics_.now();
    if (collected_at_ == MonoTime{} || now - collected_at_ >= kCollectEach ||
        hub::Application(node_).sessions() <= kCollectAfreshMax) {
        ranking_.collect(node_);
        collected_at_ = now;
    }
    constexpr std::string_view kName = "mythos_session_connections";
    constexpr std::string_view kHelp =
        "Connections of the 50 sessions with the most; of all other sessions together as __other__. "
        "Beyond 1,000 sessions as of up to 5 s ago.";
    for (const auto& session : ranking_.named())
        add_gauge(all, kName, kHelp, session.connections, {{"session_id", session.session_id}});
    add_gauge(all, kName, kHelp, static_cast<double>(ranking_.others()), {{"session_id", "__other__"}});
    add_counter(all, "mythos_series_dropped_total", "Series that were folded into __other__, each time it was done.",
                static_cast<double>(ranking_.folded()), {{"metric", kName}});
    const auto shard = hub::Application(node_).connections_per_session();
    auto& family = family_of(all, "mythos_connections_per_session",
                             "The most connections at once of sessions that have ended.", MetricType::Histogram);
    add_series(family, {}).histogram = histogram_of(shard->edges(), edge_counts({shard}), shard->sum(), 1);
}

void ConnectionMetrics::add_loops(Families& all) {
    const auto shards = node_.shards(stats::Latency::loop_lag);
    for (std::size_t loop = 0; loop < shards.size(); ++loop) {
        auto& family = family_of(all, stats::name_of(stats::Latency::loop_lag),
                                 stats::help_of(stats::Latency::loop_lag), MetricType::Histogram);
        const std::string thread = "loop-" + std::to_string(loop);
        add_series(family, {{"thread", thread}}).histogram =
            histogram_of(shards[loop]->edges(), edge_counts({shards[loop]}), shards[loop]->sum(), 1e9);
    }
}

// Rows that never counted have no series: there are many, most of them routes that nobody asks.
void ConnectionMetrics::add_requests(Families& all) {
    using transport::RequestTimes;
    for (std::size_t row = 0; row < RequestTimes::kRows; ++row) {
        std::vector<std::uint64_t> counts(stats::Edges::durations().size() + 1);
        std::uint64_t sum = 0, count = 0;
        for (const RequestTimes* times : request_times_) {
            const stats::EdgeShard& shard = times->row(row).times;
            sum += shard.sum();
            for (std::size_t edge = 0; edge < counts.size(); ++edge) {
                counts[edge] += shard.edge_count(edge);
                count += shard.edge_count(edge);
            }
        }
        if (count == 0) continue;
        const auto named = request_times_.front()->row(row);
        auto& family = family_of(all, kRequestDuration, stats::help_of(stats::Latency::request), MetricType::Histogram);
        add_series(family, {{"method", named.method}, {"endpoint", named.endpoint}}).histogram =
            histogram_of(stats::Edges::durations(), counts, sum, 1e9);
    }
}

}  // namespace mythos::monitor
