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

TEST_F(StatisticsTest, TheProcessIsLookedAtAsOftenAsItIsTold) {
    start();
    Statistics statistics(*node_, now());
    const MonoTime began = now();
    const auto sampled_at = [&] { return (statistics.system().at - began).seconds(); };
    const auto tick_after = [&](Duration d) {
        clock.advance(d);
        statistics.tick(now());
    };
    EXPECT_GT(statistics.system().process.resident_bytes, 1u << 20) << "from the first moment on";
    EXPECT_GT(statistics.system().memory_percent(), 0);
    tick_after(milliseconds(400));
    EXPECT_EQ(sampled_at(), 0) << "a tick that a question brought";
    tick_after(milliseconds(600));
    EXPECT_EQ(sampled_at(), 1);
    statistics.set_sample_interval(seconds(30));
    for (int second = 2; second <= 30; ++second) tick_after(seconds(1));
    EXPECT_EQ(sampled_at(), 1);
    tick_after(seconds(1));
    EXPECT_EQ(sampled_at(), 31);
    EXPECT_GE(statistics.cpu_percent(), 0);
    statistics.set_sample_interval(seconds(1));
    tick_after(seconds(1));
    EXPECT_EQ(sampled_at(), 32) << "at once";
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
