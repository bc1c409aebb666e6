#include "monitor/connection_metrics.hpp"

#include <map>

#include "hub/hub_fixture.hpp"

namespace mythos::monitor {
namespace {

using hub::test::HubTest;
using hub::test::Peer;

class ConnectionMetricsTest : public HubTest {
protected:
    // Gauges and counters by name and label value, histograms' counts.
    std::map<std::string, double> told(std::vector<const transport::RequestTimes*> times = {}) {
        const Statistics statistics(*node_, now());
        ConnectionMetrics metrics(*node_, statistics, std::move(times));
        Families all;
        metrics.add_to(all);
        std::map<std::string, double> samples;
        for (const auto& family : all) {
            for (const auto& metric : family.metric) {
                std::string name = family.name;
                for (const auto& label : metric.label) name += "|" + label.value;
                const bool histogram = family.type == prometheus::MetricType::Histogram;
                samples[name] = histogram ? static_cast<double>(metric.histogram.sample_count)
                                : family.type == prometheus::MetricType::Counter ? metric.counter.value
                                                                                 : metric.gauge.value;
            }
        }
        return samples;
    }
};

TEST_F(ConnectionMetricsTest, TellsOfKnownConnections) {
    settings.connections_max = 321;
    start(2);
    EXPECT_EQ(told().at("mythos_connection_health_percentage"), 100);
    Peer& both = ws({.player = "p1", .client = "c"});
    sse({.player = "p1", .client = "c", .loop = 1});
    ws({.player = "p2"});
    Peer& slow = sse({.player = "p3", .loop = 1});
    subscribe(both, "room");
    subscribe(both, "hall");
    subscribe(slow, "room");
    slow.room = 0;
    for (int i = 0; i < 5; ++i) publish({{"player", "p3"}, {"type", "t"}, {"data", std::string(300'000, 'x')}});
    advance(seconds(1));
    const auto samples = told();
    EXPECT_EQ(samples.at("mythos_connections_by_type|websocket"), 1);
    EXPECT_EQ(samples.at("mythos_connections_by_type|sse"), 1);
    EXPECT_EQ(samples.at("mythos_connections_by_type|dual"), 1);
    EXPECT_EQ(samples.at("mythos_connection_health_percentage"), 75);
    EXPECT_EQ(samples.at("mythos_connection_limit"), 321);
    EXPECT_EQ(samples.at("mythos_subscriptions"), 3);
    EXPECT_EQ(samples.at("mythos_channels"), 2);
    EXPECT_EQ(samples.at("mythos_send_queue_messages"), 5);
    EXPECT_GT(samples.at("mythos_send_queue_bytes"), 1'500'000);
    EXPECT_EQ(samples.at("mythos_slow_consumers"), 1);
    EXPECT_EQ(samples.at("mythos_session_connections|" + session_of(both)), 2);
    EXPECT_EQ(samples.at("mythos_session_connections|__other__"), 0);
    EXPECT_EQ(samples.at("mythos_event_loop_lag_seconds|loop-0"), 1);
    EXPECT_EQ(samples.at("mythos_event_loop_lag_seconds|loop-1"), 1);
    EXPECT_EQ(samples.at("mythos_connections_per_session"), 0);

    unsubscribe(both, "room");
    new_session("p1");
    EXPECT_EQ(told().at("mythos_connections_per_session"), 1);
    EXPECT_EQ(told().at("mythos_subscriptions"), 1);
    EXPECT_EQ(told().at("mythos_channels"), 1);
    EXPECT_GT(stats::lifetime(node_->shards(stats::Latency::broadcast)).count(), 0u);
}

// Within one second, as two scrapes may come.
TEST_F(ConnectionMetricsTest, SessionsAreThoseOfNowWhileTheyAreFew) {
    start();
    clock.advance(seconds(1));
    const Statistics statistics(*node_, now());
    ConnectionMetrics metrics(*node_, statistics, {});
    const auto connections = [&] {
        Families all;
        metrics.add_to(all);
        const auto& found = *std::ranges::find(all, "mythos_session_connections", &prometheus::MetricFamily::name);
        double sum = 0;
        for (const auto& metric : found.metric) sum += metric.gauge.value;
        return sum;
    };
    EXPECT_EQ(connections(), 0);
    ws({.player = "p1"});
    ws({.player = "p2"});
    EXPECT_EQ(connections(), 2);
    for (int i = 0; i < 1'000; ++i) ws({.player = "q" + std::to_string(i)});
    EXPECT_EQ(connections(), 2) << "of many sessions those of up to 5 s ago";
}

TEST_F(ConnectionMetricsTest, OnlySoManySessionsAreNamedAndTheOthersAreCounted) {
    start();
    for (int i = 0; i < 70; ++i) ws({.player = "p" + std::to_string(i)});
    Peer& most = sse({.player = "p69"});
    SessionRanking ranking;
    ranking.collect(*node_);
    ASSERT_EQ(ranking.named().size(), SessionRanking::kNamed);
    EXPECT_EQ(ranking.named().front().session_id, session_of(most));
    EXPECT_EQ(ranking.named().front().connections, 2u);
    EXPECT_EQ(ranking.named().back().connections, 1u);
    EXPECT_EQ(ranking.others(), 20u);
    EXPECT_EQ(ranking.folded(), 20u);
    ranking.collect(*node_);
    EXPECT_EQ(ranking.folded(), 40u);
    EXPECT_EQ(ranking.others(), 20u);
}

TEST_F(ConnectionMetricsTest, RequestsAreToldByMethodAndRoute) {
    start();
    transport::RequestTimes first, second;
    first.record(transport::Route::publish, false, milliseconds(1));
    second.record(transport::Route::publish, false, milliseconds(2));
    first.record(transport::Route::live, true, milliseconds(1));
    first.record(std::nullopt, false, milliseconds(1));
    const auto samples = told({&first, &second});
    EXPECT_EQ(samples.at("mythos_request_duration_seconds|POST|/api/publish"), 2);
    EXPECT_EQ(samples.at("mythos_request_duration_seconds|HEAD|/livez"), 1);
    EXPECT_EQ(samples.at("mythos_request_duration_seconds|other|other"), 1);
    EXPECT_FALSE(samples.contains("mythos_request_duration_seconds|GET|/livez"));
}

}  // namespace
}  // namespace mythos::monitor
