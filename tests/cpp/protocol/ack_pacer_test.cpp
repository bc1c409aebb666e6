#include "protocol/ack_pacer.hpp"

#include <gtest/gtest.h>

namespace mythos::protocol {
namespace {

MonoTime at(std::int64_t ms) { return MonoTime{} + milliseconds(ms); }

TEST(AckPacer, CountsFromTheFirstUnacknowledgedEntry) {
    const ClientConfig config;
    AckPacer pacer(config);
    EXPECT_EQ(pacer.deadline(), std::nullopt);
    pacer.applied(at(10), 0);
    EXPECT_EQ(pacer.deadline(), std::nullopt);
    pacer.applied(at(10), 1);
    pacer.applied(at(150), 1);
    EXPECT_EQ(pacer.deadline(), at(210));
    EXPECT_FALSE(pacer.due(at(209)));
    EXPECT_TRUE(pacer.due(at(210)));
    pacer.sent();
    EXPECT_FALSE(pacer.due(at(9'999)));
}

TEST(AckPacer, IsDueAfterSixtyFourEntriesAndForEachHeartbeat) {
    const ClientConfig config;
    AckPacer pacer(config);
    pacer.applied(at(0), 63);
    EXPECT_FALSE(pacer.due(at(0)));
    pacer.applied(at(0), 1);
    EXPECT_TRUE(pacer.due(at(0)));
    pacer.sent();
    pacer.heartbeat();
    EXPECT_TRUE(pacer.due(at(0)));
    EXPECT_TRUE(pacer.for_heartbeat());
    pacer.sent();
    EXPECT_FALSE(pacer.for_heartbeat());
}

TEST(AckPacer, WritesTheMessage) {
    EXPECT_EQ(ack_text({"e1", 7}, nullptr), R"({"type":"ack","data":{"cursor":"e1-7"}})");
    MergeCounters counters;
    counters.delivered = 5;
    counters.lost = 2;
    const AckReport report{&counters, R"({"fps":60})", {"k1", "k\"2"}};
    EXPECT_EQ(ack_text({"e1", 7}, &report),
              R"({"type":"ack","data":{"cursor":"e1-7","alive":["k1","k\"2"],)"
              R"("stats":{"delivered":5,"duplicates":0,"gaps":0,"lost":2},"application":{"fps":60}}})");
}

}  // namespace
}  // namespace mythos::protocol
