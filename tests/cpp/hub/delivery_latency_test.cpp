// What is recorded of time: from the append to the socket, to the acknowledgement, and of pings.
#include "hub/hub_fixture.hpp"
#include "stats/histogram_windows.hpp"

namespace mythos::hub::test {
namespace {

using stats::Latency;

class LatencyTest : public HubTest {
protected:
    stats::Distribution all(Latency latency) const { return stats::lifetime(node_->shards(latency)); }
    // So many deliveries took about so long.
    void expect(Latency latency, std::uint64_t count, Duration each) {
        const auto told = all(latency);
        EXPECT_EQ(told.count(), count);
        EXPECT_EQ(told.sum(), count * static_cast<std::uint64_t>(each.ns));
    }
};

TEST_F(LatencyTest, EachDeliveryIsTimedFromItsAppendToTheSocket) {
    start();
    for (const char* player : {"p1", "p2", "p3"}) subscribe(ws({.player = player}), "room");
    publish({{"messages", json::array({{{"channel", "room"}, {"type", "said"}, {"data", 1}},
                                       {{"channel", "room"}, {"type", "said"}, {"data", 2}}})}});
    expect(Latency::delivery, 6, Duration{});
    EXPECT_EQ(count(Counter::deliveries_written), 6u);
}

TEST_F(LatencyTest, WhatWaitsForASocketTakesAsLong) {
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    peer.room = 0;
    say("room");
    advance(milliseconds(250));
    say("room");
    EXPECT_EQ(all(Latency::delivery).count(), 0u);
    advance(milliseconds(50));
    drain_socket(peer);
    const auto told = all(Latency::delivery);
    EXPECT_EQ(told.count(), 2u);
    EXPECT_EQ(told.sum(), static_cast<std::uint64_t>(milliseconds(300 + 50).ns));
}

TEST_F(LatencyTest, OfTwoWiresTheFirstIsTimed) {
    start(2);
    Peer& fast = ws({.client = "c"});
    Peer& slow = sse({.client = "c", .session = session_of(fast), .loop = 1});
    subscribe(fast, "room");
    slow.room = 0;
    say("room");
    expect(Latency::delivery, 1, Duration{});
    advance(seconds(1));
    drain_socket(slow);
    ASSERT_EQ(slow.entries.size(), 1u);
    expect(Latency::delivery, 1, Duration{});
}

TEST_F(LatencyTest, EachEntryIsTimedToItsAcknowledgementOnce) {
    start();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    say("room");
    advance(milliseconds(100));
    const Seq last = say("room");
    say("elsewhere");
    advance(milliseconds(20));
    ack(peer, last);
    turn();
    auto told = all(Latency::acknowledgement);
    EXPECT_EQ(told.count(), 2u);
    EXPECT_EQ(told.sum(), static_cast<std::uint64_t>(milliseconds(120 + 20).ns));

    ack(peer, last);
    turn();
    EXPECT_EQ(all(Latency::acknowledgement).count(), 2u) << "said again";
    const Seq next = say("room");
    advance(milliseconds(5));
    post_commands(session_of(peer), "c", R"({"type":"ack","data":{"cursor":")" + id(next) + R"("}})");
    told = all(Latency::acknowledgement);
    EXPECT_EQ(told.count(), 3u) << "by POST as well";
    EXPECT_EQ(told.sum(), static_cast<std::uint64_t>(milliseconds(120 + 20 + 5).ns));
}

TEST_F(LatencyTest, AnAcknowledgementOfWhatIsNotRetainedAnyMoreHasNoTime) {
    retention.entries = 4;
    start();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    Seq last = 0;
    for (int i = 0; i < 20; ++i) last = say("room");
    ack(peer, last);
    turn();
    EXPECT_EQ(all(Latency::acknowledgement).count(), 4u);
}

TEST_F(LatencyTest, APongTellsTheRoundTrip) {
    start();
    Peer& peer = ws();
    advance(seconds(16));
    ASSERT_FALSE(peer.pings.empty());
    const auto before = all(Latency::rtt_websocket).count();
    clock.advance(milliseconds(30));
    core(peer).pong_received(peer.key, peer.pings.back(), now());
    EXPECT_EQ(all(Latency::rtt_websocket).count(), before + 1);
    EXPECT_GE(all(Latency::rtt_websocket).max(), 29'000'000u);
    core(peer).pong_received(peer.key, "nonsense", now());
    EXPECT_EQ(all(Latency::rtt_websocket).count(), before + 1);
}

}  // namespace
}  // namespace mythos::hub::test
