// Which listener answers what: that for everybody, and the one for monitoring alone.
#include <gtest/gtest.h>

#include "transport/client.hpp"
#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

class SiteEntryTest : public testing::Test {
protected:
    void serve(bool apart, bool monitoring = true) {
        HubLoopSettings settings;
        settings.site.monitoring_apart = apart;
        settings.site.monitoring = monitoring;
        served = std::make_unique<ServedLoop>(settings, hub::Settings{}, nullptr, [](auto, auto answer) {
            answer(HttpResponse{});
            return true;
        });
    }
    static int status(std::uint16_t port, const std::string& path) {
        TestClient client(port);
        return status_of(client.get(path));
    }
    int main(const std::string& path) const { return status(served->port(), path); }
    int monitor(const std::string& path) const { return status(served->monitor_port(), path); }

    std::unique_ptr<ServedLoop> served;
};

TEST_F(SiteEntryTest, WithOneListenerItAnswersEverything) {
    serve(false);
    for (const char* path : {"/livez", "/health", "/health/detailed", "/metrics", "/monitoring/performance", "/"})
        EXPECT_EQ(main(path), 200) << path;
}

TEST_F(SiteEntryTest, WithTwoEachHasItsOwnAndBothHaveWhatABalancerAsks) {
    serve(true);
    for (const char* path : {"/livez", "/readyz", "/startupz", "/health"}) {
        EXPECT_EQ(main(path), 200) << path;
        EXPECT_EQ(monitor(path), 200) << path;
    }
    for (const char* path : {"/health/detailed", "/metrics", "/monitoring/performance", "/monitoring/connections/x"}) {
        EXPECT_EQ(main(path), 404) << path;
        EXPECT_EQ(monitor(path), 200) << path;
    }
    for (const char* path : {"/game", "/api/channels", "/sse/ann", "/ws/ann"}) EXPECT_EQ(monitor(path), 404) << path;
    EXPECT_EQ(main("/api/channels"), 200);
    EXPECT_EQ(served->count(stats::Counter::http_not_found), 8u);
}

TEST_F(SiteEntryTest, MonitoringMayBeSwitchedOffAndOnAgain) {
    serve(false, false);
    EXPECT_EQ(main("/metrics"), 404);
    EXPECT_EQ(main("/monitoring/stream"), 404);
    EXPECT_EQ(main("/health/detailed"), 200);
    served->loop().set_settings({});
    EXPECT_EQ(main("/metrics"), 200);
}

TEST_F(SiteEntryTest, AListenerForMonitoringThatIsIdleDoesNotHoldUpADrain) {
    serve(true);
    TestClient scraper(served->monitor_port());
    EXPECT_EQ(status_of(scraper.get("/metrics")), 200);
    served->loop().drain({}, "test");
    while (!served->loop().is_empty()) std::this_thread::yield();
}

}  // namespace
}  // namespace mythos::transport
