// Probes of a loop that nobody watches, and the drain of a server that its program drains.
#include <gtest/gtest.h>

#include "transport/client.hpp"
#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

TEST(SiteProbesTest, WithoutAWatcherALoopThatAnswersIsAliveAndReady) {
    ServedLoop server;
    TestClient client(server.port());
    EXPECT_EQ(body_of(client.get("/livez")), R"({"status":"alive"})");
    EXPECT_EQ(body_of(client.get("/readyz")), R"({"status":"ready"})");
    EXPECT_EQ(status_of(client.post("/drain", "{}")), 404) << "its program drains it";
    EXPECT_EQ(server.count(stats::Counter::http_not_found), 1u);
}

}  // namespace
}  // namespace mythos::transport
