#include "monitor/statistics.hpp"

#include "hub/hub_fixture.hpp"

namespace mythos::monitor {
namespace {

using hub::test::HubTest;
using hub::test::Peer;
using stats::Counter;
using stats::Latency;
using stats::Window;

class StatisticsTest : public HubTest {};

TEST_F(StatisticsTest, WindowsTellWhatTheNodeCountedAndTimed) {
    start(2);
    Statistics statistics(*node_, now());
    for (const char* player : {"p1", "p2"}) subscribe(ws({.player = player}), "room");
    subscribe(sse({.player = "p3", .loop = 1}), "room");
    say("room");
    say("room");
    EXPECT_EQ(statistics.count(Counter::published, Window::minute), 0u) << "before a tick";
    clock.advance(seconds(4));
    statistics.tick(now());
    EXPECT_EQ(statistics.count(Counter::published, Window::minute), 2u);
    EXPECT_EQ(statistics.count(Counter::opened_websocket, Window::day), 2u);
    EXPECT_EQ(statistics.seconds(Window::hour), 4);
    const auto latency = statistics.latency(Latency::delivery, Window::five_minutes);
    EXPECT_EQ(latency.count(), 6u);
    EXPECT_EQ(latency.count(), statistics.count(Counter::deliveries_written, Window::five_minutes));
    EXPECT_EQ(latency.rate(), 1.5);

    clock.advance(seconds(100));
    statistics.tick(now());
    EXPECT_EQ(statistics.count(Counter::published, Window::minute), 0u);
    EXPECT_EQ(statistics.count(Counter::published, Window::five_minutes), 2u);
    EXPECT_EQ(statistics.latency(Latency::delivery, Window::minute).count(), 0u);
}

TEST_F(StatisticsTest, DeliveriesThatFailedTakeFromTheSuccess) {
    retention.entries = 4;
    settings.slow_reader = hub::SlowReader::gap;
    start();
    Statistics statistics(*node_, now());
    EXPECT_EQ(statistics.delivery_success_percent(Window::five_minutes), 100) << "nothing was to be delivered";
    Peer& peer = ws();
    subscribe(peer, "room");
    peer.room = 0;
    for (int i = 0; i < 16; ++i) say("room");
    drain_socket(peer);
    clock.advance(seconds(1));
    statistics.tick(now());
    const auto written = statistics.count(Counter::deliveries_written, Window::minute);
    const auto gap = statistics.count(Counter::deliveries_gap, Window::minute);
    ASSERT_EQ(written + gap, 16u);
    ASSERT_GT(gap, 0u);
    EXPECT_EQ(statistics.delivery_success_percent(Window::minute), 100.0 * static_cast<double>(written) / 16);
}

}  // namespace
}  // namespace mythos::monitor
