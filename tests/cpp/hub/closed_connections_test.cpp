#include "hub/closed_connections.hpp"

#include <gtest/gtest.h>

namespace mythos::hub {
namespace {

TEST(ClosedConnectionsTest, TheNewestAreFoundAndTheOldestGo) {
    ClosedConnections closed;
    EXPECT_EQ(closed.find("c0"), nullptr);
    for (std::size_t i = 0; i <= ClosedConnections::kMax; ++i) {
        ClosedConnection one;
        one.connection_id = "c" + std::to_string(i);
        one.reason = "r" + std::to_string(i);
        one.events = BlackBox(MonoTime{});
        closed.add(std::move(one));
    }
    EXPECT_EQ(closed.find("c0"), nullptr);
    ASSERT_NE(closed.find("c1"), nullptr);
    EXPECT_EQ(closed.find("c1")->reason, "r1");
    EXPECT_EQ(closed.find("c" + std::to_string(ClosedConnections::kMax))->code, 1006);
}

}  // namespace
}  // namespace mythos::hub
