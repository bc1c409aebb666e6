#include "monitor/monitor.hpp"

#include <future>

#include "hub/hub_fixture.hpp"

namespace mythos::monitor {
namespace {

class MonitorTest : public hub::test::HubTest {};

TEST_F(MonitorTest, TellsWhoAsksTheMetricsAsOfNow) {
    start();
    Monitor monitor(*node_, clock);
    subscribe(ws(), "room");
    say("room");
    clock.advance(seconds(3));
    std::promise<std::string> told;
    ASSERT_TRUE(monitor.ask_metrics([&](std::string text) { told.set_value(std::move(text)); }));
    EXPECT_NE(told.get_future().get().find("\nmythos_message_delivery_seconds_count 1\n"), std::string::npos);
    EXPECT_EQ(monitor.statistics().count(stats::Counter::published, stats::Window::minute), 1u);
}

TEST_F(MonitorTest, OnlySoManyMayWait) {
    start();
    Monitor monitor(*node_, clock);
    std::promise<void> entered, go;
    ASSERT_TRUE(monitor.ask_metrics([&](const std::string&) {
        entered.set_value();
        go.get_future().wait();
    }));
    entered.get_future().wait();
    std::size_t told = 0;
    for (std::size_t i = 0; i < Monitor::kWaitingMax; ++i)
        ASSERT_TRUE(monitor.ask_metrics([&](const std::string&) { ++told; }));
    EXPECT_FALSE(monitor.ask_metrics([&](const std::string&) { ++told; }));
    std::promise<void> last;
    go.set_value();
    while (!monitor.ask_metrics([&](const std::string&) { last.set_value(); })) std::this_thread::yield();
    last.get_future().wait();
    EXPECT_EQ(told, Monitor::kWaitingMax);
}

TEST_F(MonitorTest, MayEndAtOnce) {
    start();
    for (int i = 0; i < 20; ++i) Monitor monitor(*node_, clock);
}

}  // namespace
}  // namespace mythos::monitor
