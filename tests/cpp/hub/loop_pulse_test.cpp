// Heartbeats, what they say, who is found dead, and what becomes of a close that cannot be written.
#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

class PulseTest : public HubTest {
protected:
    PulseTest() { settings.heartbeat = seconds(10); }
};

TEST_F(PulseTest, BothWiresGetAHeartbeatThatSaysWhereTheStreamIsComplete) {
    start();
    Peer& w = ws({.client = "c"});
    Peer& s = sse({.client = "c"});
    say("elsewhere");
    advance(seconds(10));
    for (const Peer* peer : {&w, &s}) {
        ASSERT_EQ(peer->count("heartbeat"), 1u);
        EXPECT_EQ(peer->last("heartbeat")["cursor"], id(2)) << "an idle reader never falls out of the retention";
        EXPECT_EQ(peer->last("heartbeat")["head"], id(2));
        EXPECT_DOUBLE_EQ(peer->last("heartbeat")["ts"].get<double>(), 1'764'000'010.0);
    }
    EXPECT_EQ(s.sse_ids.back(), id(2));
    ASSERT_EQ(w.pings.size(), 1u);
    advance(seconds(10));
    EXPECT_EQ(w.count("heartbeat"), 2u);
}

TEST_F(PulseTest, HeartbeatsAreSpread) {
    settings.heartbeat_jitter = 0.1;
    start();
    std::vector<Peer*> peers;
    for (int i = 0; i < 50; ++i) peers.push_back(&ws({.player = "p" + std::to_string(i)}));
    std::size_t beaten[3];
    for (std::size_t& n : beaten) {
        advance(n == beaten[0] && &n == &beaten[0] ? milliseconds(8'999)
                : &n == &beaten[1]                 ? seconds(1)
                                                   : milliseconds(1'002));
        n = 0;
        for (const Peer* peer : peers) n += peer->count("heartbeat");
    }
    EXPECT_EQ(beaten[0], 0u) << "none before nine tenths";
    EXPECT_GT(beaten[1], 5u);
    EXPECT_LT(beaten[1], 45u);
    EXPECT_EQ(beaten[2], 50u) << "all by eleven tenths";
}

TEST_F(PulseTest, AStandbysHeartbeatFollowsWhatItsClientAcknowledged) {
    start();
    Peer& active = ws({.client = "c"});
    Peer& standby = sse({.client = "c", .mode = Mode::standby});
    subscribe(active, "room");
    const Seq first = say("room");
    const Seq second = say("room");
    ack(active, first);
    advance(seconds(10));
    EXPECT_EQ(standby.last("heartbeat")["cursor"], id(first));
    EXPECT_EQ(standby.last("heartbeat")["head"], id(second));
    EXPECT_EQ(standby.sse_ids.back(), id(first));
    EXPECT_TRUE(standby.entries.empty());
    EXPECT_EQ(active.last("heartbeat")["cursor"], id(second));
}

TEST_F(PulseTest, AStreamThatIsBehindNeverClaimsTheHead) {
    settings.catch_up_bytes = 500;
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    peer.room = 30;
    say("room");
    say("room");
    advance(seconds(10));
    EXPECT_EQ(peer.count("heartbeat"), 0u);
    EXPECT_TRUE(peer.pings.empty());
    drain_socket(peer);
    advance(seconds(10));
    EXPECT_EQ(peer.last("heartbeat")["cursor"], id(journal_->ring().head()));
}

TEST_F(PulseTest, ASilentWebSocketIsClosedAtTwoHeartbeats) {
    start();
    Peer& peer = ws();
    advance(seconds(10), true);
    EXPECT_FALSE(peer.close_code.has_value());
    advance(milliseconds(9'999), true);
    EXPECT_FALSE(peer.close_code.has_value());
    advance(milliseconds(1), true);
    EXPECT_EQ(peer.close_code, 4004);
    EXPECT_TRUE(peer.finished);
    hang_up(peer);
    EXPECT_EQ(count(Counter::closed_websocket_heartbeat_missed), 1u);
}

TEST_F(PulseTest, APongIsASignOfLife) {
    start();
    Peer& peer = ws();
    for (int i = 0; i < 5; ++i) {
        advance(seconds(10), true);
        ASSERT_FALSE(peer.close_code.has_value());
        clock.advance(milliseconds(30));
        core(peer).pong_received(peer.key, peer.pings.back(), now());
    }
    core(peer).pong_received(peer.key, "not a number", now());
    core(peer).pong_received(peer.key, "99999999999999999999999", now());
}

TEST_F(PulseTest, APingIsAnsweredWithItsPayload) {
    start();
    Peer& peer = ws();
    core(peer).ping_received(peer.key, "are you there", now());
    turn();
    ASSERT_EQ(peer.pongs.size(), 1u);
    EXPECT_EQ(peer.pongs[0], "are you there");
}

TEST_F(PulseTest, AnSsePeerLivesByItsClientsAcks) {
    start();
    Peer& acks = sse({.player = "p1", .client = "c"});
    Peer& never = sse({.player = "p2", .client = "c"});
    const auto ack_by_post = [&] {
        post_commands(session_of(acks), "c", R"({"type":"ack","data":{"cursor":")" + id(1) + R"("}})");
    };
    ack_by_post();
    advance(seconds(15), true);
    ack_by_post();
    advance(seconds(15), true);
    EXPECT_FALSE(acks.close_code.has_value());
    advance(seconds(10), true);
    EXPECT_EQ(acks.close_code, 4004);
    EXPECT_FALSE(never.close_code.has_value()) << "a client that never acks is not expected to";
}

TEST_F(PulseTest, AnSsePeersKernelThatStopsAcknowledgingIsDead) {
    start();
    Peer& peer = sse();
    peer.kernel = Outlet::KernelAck{milliseconds(5), true};
    advance(seconds(10), true);
    EXPECT_FALSE(peer.close_code.has_value());
    for (int i = 1; i <= 3; ++i) {
        peer.kernel = Outlet::KernelAck{seconds(10 * i), false};
        advance(seconds(10), true);
    }
    EXPECT_EQ(peer.close_code, 4004);
}

TEST_F(PulseTest, ADeadSsePeerIsNoticedWithinTwoHeartbeatsOfItsLastSign) {
    start();
    Peer& acks = sse({.player = "p1", .client = "c"});
    Peer& kernel = sse({.player = "p2"});
    kernel.kernel = Outlet::KernelAck{milliseconds(0), true};
    advance(seconds(9), true);
    post_commands(session_of(acks), "c", R"({"type":"ack","data":{"cursor":")" + id(1) + R"("}})");
    kernel.kernel = Outlet::KernelAck{milliseconds(0), true};
    // From here on neither shows anything; what is sent at 10 s is never acknowledged.
    advance(seconds(1), true);
    kernel.kernel = Outlet::KernelAck{seconds(11), false};
    advance(seconds(10), true);
    kernel.kernel = Outlet::KernelAck{seconds(20), false};
    advance(milliseconds(8'999), true);
    EXPECT_FALSE(acks.close_code.has_value());
    EXPECT_FALSE(kernel.close_code.has_value());
    advance(milliseconds(1), true);
    EXPECT_EQ(acks.close_code, 4004);
    EXPECT_EQ(kernel.close_code, 4004);
}

// Its acks go into the black hole of its WebSocket, and the stream must not be lost with it.
TEST_F(PulseTest, AnSseStreamIsNotJudgedByAcksThatDieWithTheWebsocket) {
    start();
    Peer& w = ws({.client = "c"});
    Peer& s = sse({.client = "c"});
    advance(seconds(9), true);
    core(w).heard(w.key, now());
    ack(w, 1);
    advance(seconds(20), true);
    EXPECT_EQ(w.close_code, 4004);
    EXPECT_FALSE(s.close_code.has_value());
    advance(milliseconds(19'999), true);
    EXPECT_FALSE(s.close_code.has_value()) << "the client has two heartbeats to notice, and to post";
    advance(milliseconds(1), true);
    EXPECT_EQ(s.close_code, 4004);
}

TEST_F(PulseTest, AChangedHeartbeatIsForThoseThatComeLater) {
    start();
    Peer& before = ws({.player = "p1"});
    advance(seconds(5), true);
    settings.heartbeat = seconds(1);
    node_->reload(settings);
    turn();
    Peer& after = ws({.player = "p2"});
    EXPECT_EQ(before.last("welcome")["heartbeat_ms"], 10'000);
    EXPECT_EQ(after.last("welcome")["heartbeat_ms"], 1'000);
    advance(seconds(2), true);
    EXPECT_EQ(after.close_code, 4004);
    EXPECT_FALSE(before.close_code.has_value()) << "it was told ten seconds";
    advance(seconds(3), true);
    EXPECT_EQ(before.count("heartbeat"), 1u);
    advance(seconds(10), true);
    EXPECT_EQ(before.close_code, 4004);
}

TEST_F(PulseTest, TheRoundTripOfAPingIsShown) {
    start();
    Peer& peer = ws();
    const auto shown = [&] {
        const Answer answer =
            answer_of([&](LoopCore& l, AnswerTo to) { l.get_connections("p1", now(), std::move(to)); });
        return json::parse(answer.body)["connections"][0].value("rtt_ms", json());
    };
    EXPECT_EQ(shown(), nullptr) << "before the first pong";
    advance(seconds(10), true);
    clock.advance(microseconds(12'500));
    core(peer).pong_received(peer.key, peer.pings.back(), now());
    EXPECT_EQ(shown(), 12.5);
}

TEST_F(PulseTest, TheIdleTimeoutHoldsWhateverTheHeartbeatSays) {
    settings.idle_timeout = seconds(12);
    start();
    Peer& peer = ws();
    advance(seconds(10), true);
    EXPECT_FALSE(peer.close_code.has_value());
    advance(seconds(2), true);
    EXPECT_TRUE(peer.close_code.has_value());
}

TEST_F(PulseTest, ACloseThatCannotBeWrittenIsBounded) {
    start();
    Peer& peer = ws();
    peer.room = 0;
    loop().close(peer.key, CloseCode::policy, "enough", now());
    turn();
    EXPECT_FALSE(peer.aborted);
    advance(seconds(5));
    EXPECT_TRUE(peer.aborted);
}

TEST_F(PulseTest, AReplacedSessionsStuckSocketIsDroppedInBoundedTime) {
    start();
    Peer& peer = ws();
    peer.room = 0;
    publish({{"player", "p1"}, {"type", "mail"}});
    new_session("p1");
    for (int i = 0; i < 4 && !peer.aborted; ++i) advance(seconds(5));
    EXPECT_TRUE(peer.aborted);
}

TEST_F(PulseTest, ASlowReaderWhoseSocketStaysFullIsDroppedInBoundedTime) {
    retention.entries = 4;
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    peer.room = 0;
    for (int i = 0; i < 10; ++i) say("room");
    for (int i = 0; i < 12 && !peer.aborted; ++i) advance(seconds(5));
    EXPECT_TRUE(peer.aborted) << "4005 cannot be written, and the entries are gone";
}

}  // namespace
}  // namespace mythos::hub::test
