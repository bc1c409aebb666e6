#include "monitor/monitor.hpp"

#include <future>

#include "hub/hub_fixture.hpp"

namespace mythos::monitor {
namespace {

using transport::Route;

class MonitorTest : public hub::test::HubTest {
protected:
    Transitions transitions;
};

TEST_F(MonitorTest, TellsWhoAsksTheMetricsAsOfNow) {
    start();
    Monitor monitor(*node_, clock, transitions);
    monitor.start();
    subscribe(ws(), "room");
    say("room");
    clock.advance(seconds(3));
    std::promise<std::string> told;
    ASSERT_TRUE(monitor.ask({Route::metrics}, [&](MonitorAnswer answer) { told.set_value(answer->body); }));
    EXPECT_NE(told.get_future().get().find("\nmythos_message_delivery_seconds_count 1\n"), std::string::npos);
    EXPECT_EQ(monitor.statistics().count(stats::Counter::published, stats::Window::minute), 1u);
}

TEST_F(MonitorTest, GivesItsFamiliesToOtherThreads) {
    start();
    Monitor monitor(*node_, clock, transitions);
    monitor.start();
    subscribe(ws(), "room");
    say("room");
    const auto told = [&] {
        for (const auto& family : monitor.collect())
            if (family.name == "mythos_messages_published_total") return family.metric.at(0).counter.value;
        return -1.0;
    };
    std::vector<std::future<double>> askers;
    for (int i = 0; i < 4; ++i) askers.push_back(std::async(std::launch::async, told));
    for (auto& asker : askers) EXPECT_EQ(asker.get(), 1.0);
}

TEST_F(MonitorTest, OnlySoManyMayWaitAndProbesGoFirst) {
    start();
    Monitor monitor(*node_, clock, transitions);
    std::vector<Route> rendered;
    for (const Route route : {Route::metrics, Route::health})
        monitor.answers().add(route, [&, route](const MonitorRequest&) -> MonitorAnswer {
            rendered.push_back(route);
            return json_response("{}");
        });
    monitor.start();
    std::promise<void> entered, go;
    ASSERT_TRUE(monitor.ask({Route::metrics}, [&](const MonitorAnswer&) {
        entered.set_value();
        go.get_future().wait();
    }));
    entered.get_future().wait();
    const auto ignore = [](const MonitorAnswer&) {};
    for (std::size_t i = 0; i < Monitor::kWaitingMax; ++i) ASSERT_TRUE(monitor.ask({Route::metrics}, ignore));
    EXPECT_FALSE(monitor.ask({Route::metrics}, ignore));
    for (std::size_t i = 0; i < Monitor::kProbesMax; ++i) ASSERT_TRUE(monitor.ask({Route::health}, ignore));
    EXPECT_FALSE(monitor.ask({Route::health}, ignore));
    std::promise<void> last;
    go.set_value();
    while (!monitor.ask({Route::metrics}, [&](const MonitorAnswer&) { last.set_value(); })) std::this_thread::yield();
    last.get_future().wait();
    ASSERT_EQ(rendered.size(), 2 + Monitor::kWaitingMax + Monitor::kProbesMax);
    EXPECT_EQ(rendered[1], Route::health);
    EXPECT_EQ(rendered[Monitor::kProbesMax], Route::health);
    EXPECT_EQ(rendered[Monitor::kProbesMax + 1], Route::metrics);
}

TEST_F(MonitorTest, MayEndAtOnce) {
    start();
    for (int i = 0; i < 20; ++i) {
        Monitor monitor(*node_, clock, transitions);
        if (i % 2 == 0) monitor.start();
    }
}

}  // namespace
}  // namespace mythos::monitor
