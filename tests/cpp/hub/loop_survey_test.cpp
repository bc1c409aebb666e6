// What a loop finds of its connections: each cause of bad health on each wire, and what is asked of single ones.
#include <map>

#include "hub/black_box_text.hpp"
#include "hub/hub_fixture.hpp"
#include "stats/histogram_windows.hpp"

namespace mythos::hub::test {
namespace {

class LoopSurveyTest : public HubTest {
protected:
    LoopSurveyTest() { settings.heartbeat_jitter = 0; }

    SurveySums sums() const { return node_->survey(); }
    std::uint64_t with(Cause cause) const {
        return sums().causes[cause == heartbeat_missed ? 0 : cause == unacknowledged ? 1 : 2];
    }

    // Puts a question to all loops and takes turns until they have answered.
    std::vector<ConnectionFacts> ask(Inquiry inquiry) {
        std::vector<ConnectionFacts> all;
        std::size_t answers = 0;
        inquiry.answer = [&](std::vector<ConnectionFacts> found) {
            ++answers;
            all.insert(all.end(), found.begin(), found.end());
        };
        node_->inquire(std::move(inquiry));
        turn();
        EXPECT_EQ(answers, node_->loops());
        return all;
    }
    ConnectionFacts facts_of(const Peer& peer) {
        const auto found = ask({.keys = {peer.key}});
        EXPECT_EQ(found.size(), 1u);
        return found.empty() ? ConnectionFacts{} : found.front();
    }
    json events_of(const Peer& peer) {
        const auto found = ask({.connection_id = peer.admission->connection_id});
        if (found.size() != 1 || !found[0].detail) return json::array();
        return json::parse(events_json(found[0].detail->events, {"ep", {}}, 100'000));
    }
    static std::vector<std::string> names(const json& events) {
        std::vector<std::string> all;
        for (const auto& event : events) all.push_back(event["event"]);
        return all;
    }
};

TEST_F(LoopSurveyTest, ConnectionsCountFromTheirWelcomeUntilTheyAreToldToClose) {
    start(2);
    EXPECT_EQ(sums().total(), 0u);
    Peer& first = ws({.player = "p1"});
    sse({.player = "p1", .loop = 1});
    Peer& third = ws({.player = "p2", .loop = 1});
    EXPECT_EQ(sums().healthy, (std::array<std::uint64_t, 2>{2, 1}));
    EXPECT_EQ(sums().ages[0], 3u);
    hang_up(first);
    EXPECT_EQ(sums().total(0), 1u);
    core(third).close(third.key, CloseCode::policy, "why", now());
    turn();
    EXPECT_EQ(sums().total(0), 0u);
    hang_up(third);
    EXPECT_EQ(sums().total(0), 0u);
    EXPECT_EQ(sums().total(1), 1u);
}

TEST_F(LoopSurveyTest, AMissedHeartbeatIsUnhealthyWithinASecondAndASignHeals) {
    start();
    Peer& peer = ws();
    const Duration missed = settings.heartbeat * 5 / 4;
    advance(missed, true);
    EXPECT_EQ(with(heartbeat_missed), 0u) << "the answer may still come";
    advance(seconds(1), true);
    EXPECT_EQ(with(heartbeat_missed), 1u);
    EXPECT_EQ(sums().unhealthy[0], 1u);
    EXPECT_EQ(names(events_of(peer)).back(), "unhealthy");
    core(peer).heard(peer.key, now());
    advance(seconds(1), true);
    EXPECT_EQ(sums().unhealthy[0], 0u);
    EXPECT_EQ(names(events_of(peer)).back(), "healthy");
}

TEST_F(LoopSurveyTest, AnEventStreamMissesAHeartbeatByItsAcksOrItsKernel) {
    start();
    Peer& acks = sse({.player = "p1", .client = "c"});
    Peer& kernel = sse({.player = "p2"});
    sse({.player = "p3"});
    post_commands(session_of(acks), "c", R"({"type":"ack","data":{"cursor":")" + id(1) + R"("}})");
    kernel.kernel = Outlet::KernelAck{seconds(0), true, milliseconds(7)};
    advance(seconds(15), true);
    EXPECT_EQ(with(heartbeat_missed), 0u);
    kernel.kernel = Outlet::KernelAck{seconds(19), false, milliseconds(7)};
    advance(seconds(5), true);
    EXPECT_EQ(with(heartbeat_missed), 2u) << "who never acknowledges is not expected to";
    EXPECT_EQ(sums().unhealthy[1], 2u);
    EXPECT_EQ(facts_of(kernel).rtt, milliseconds(7));
    EXPECT_EQ(facts_of(kernel).causes, heartbeat_missed);
}

class OfEachWire : public LoopSurveyTest, public ::testing::WithParamInterface<Wire> {
protected:
    Peer& joined(Join join = {}) { return GetParam() == Wire::websocket ? ws(std::move(join)) : sse(std::move(join)); }
    // By whichever way this wire's client acknowledges.
    void acknowledge(Peer& peer, Seq seq) {
        post_commands(session_of(peer), "c", R"({"type":"ack","data":{"cursor":")" + id(seq) + R"("}})");
    }
    std::size_t wire() const { return index_of(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(, OfEachWire, ::testing::Values(Wire::websocket, Wire::sse),
                         [](const auto& wire) { return std::string(protocol::to_string(wire.param)); });

TEST_P(OfEachWire, WhoAcknowledgesIsHeldToFiveSeconds) {
    start();
    Peer& peer = joined({.player = "p1", .client = "c"});
    Peer& never = joined({.player = "p2"});
    acknowledge(peer, 1);
    publish({{"player", "p1"}, {"type", "t"}, {"data", 1}});
    const Seq owed = publish({{"player", "p1"}, {"type", "t"}, {"data", 2}}).back();
    publish({{"player", "p2"}, {"type", "t"}, {"data", 1}});
    advance(seconds(5));
    EXPECT_EQ(with(unacknowledged), 0u);
    EXPECT_EQ(facts_of(peer).unacknowledged, seconds(5));
    advance(seconds(1));
    EXPECT_EQ(with(unacknowledged), 1u);
    EXPECT_EQ(sums().unhealthy[wire()], 1u);
    EXPECT_EQ(facts_of(never).unacknowledged, Duration{});
    acknowledge(peer, owed);
    advance(seconds(1));
    EXPECT_EQ(sums().unhealthy[wire()], 0u);
    advance(seconds(10));
    EXPECT_EQ(with(unacknowledged), 0u) << "nothing is owed";
}

TEST_P(OfEachWire, MoreThanAThousandEntriesBehindIsLagging) {
    start();
    Peer& peer = joined({.player = "p1"});
    peer.room = 0;
    json messages = json::array();
    for (int i = 0; i < 1'000; ++i) messages.push_back({{"player", "p1"}, {"type", "t"}, {"data", i}});
    publish({{"messages", messages}});
    advance(seconds(1));
    const ConnectionFacts behind = facts_of(peer);
    EXPECT_EQ(behind.lag_entries, 1'000u);
    EXPECT_GT(behind.lag_bytes, 40'000u);
    EXPECT_TRUE(behind.blocked);
    EXPECT_EQ(with(lagging), 0u);
    EXPECT_EQ(sums().queued_messages, 1'000u);
    EXPECT_GE(sums().queued_bytes, behind.lag_bytes);
    EXPECT_EQ(sums().blocked, 1u);
    publish({{"messages", messages}});
    advance(seconds(1));
    EXPECT_EQ(facts_of(peer).lag_entries, 2'000u);
    EXPECT_NEAR(static_cast<double>(facts_of(peer).lag_bytes), 2.0 * static_cast<double>(behind.lag_bytes), 100);
    EXPECT_EQ(with(lagging), 1u);
    drain_socket(peer);
    advance(seconds(1));
    EXPECT_EQ(sums().healthy[wire()], 1u);
    EXPECT_EQ(sums().queued_messages, 0u);
    EXPECT_EQ(sums().blocked, 0u);
    EXPECT_EQ(facts_of(peer).sent_bytes, peer.bytes.size());
}

TEST_P(OfEachWire, MoreThanAMebibyteBehindIsLagging) {
    start();
    Peer& peer = joined({.player = "p1"});
    peer.room = 0;
    const std::string big(300'000, 'x');
    for (int i = 0; i < 3; ++i) publish({{"player", "p1"}, {"type", "t"}, {"data", big}});
    advance(seconds(1));
    EXPECT_EQ(with(lagging), 0u);
    publish({{"player", "p1"}, {"type", "t"}, {"data", big}});
    advance(seconds(1));
    EXPECT_EQ(with(lagging), 1u);
    EXPECT_EQ(facts_of(peer).lag_entries, 4u);
}

TEST_F(LoopSurveyTest, AStandbyWireLagsByDesign) {
    start();
    Peer& active = ws({.player = "p1", .client = "c", .mode = Mode::standby});
    Peer& standby = sse({.player = "p1", .client = "c", .mode = Mode::standby});
    ack(active, 1);
    json messages = json::array();
    for (int i = 0; i < 1'500; ++i) messages.push_back({{"player", "p1"}, {"type", "t"}, {"data", i}});
    publish({{"messages", messages}});
    advance(seconds(6));
    EXPECT_EQ(facts_of(standby).causes, 0);
    EXPECT_TRUE(facts_of(standby).standby);
    EXPECT_EQ(facts_of(standby).lag_entries, 0u);
    EXPECT_EQ(facts_of(active).causes, unacknowledged);
    EXPECT_EQ(sums().healthy[1], 1u);
}

TEST_F(LoopSurveyTest, WhatTheRetentionLetGoOfIsOldToo) {
    retention.entries = 4;
    settings.slow_reader = SlowReader::gap;
    start();
    Peer& peer = ws({.player = "p1", .client = "c"});
    ack(peer, 1);
    publish({{"player", "p1"}, {"type", "t"}, {"data", 0}});
    advance(seconds(7));
    for (int i = 0; i < 8; ++i) publish({{"everyone", true}, {"type", "t"}, {"data", i}});
    advance(seconds(1));
    EXPECT_EQ(facts_of(peer).unacknowledged, seconds(1)) << "at least as old as what is retained";
    advance(seconds(5));
    EXPECT_EQ(with(unacknowledged), 1u);
}

TEST_F(LoopSurveyTest, InquiriesFindByWireByKeyAndByName) {
    start(2);
    std::vector<Peer*> peers;
    for (int i = 0; i < 100; ++i) {
        const Join join{.player = "p" + std::to_string(i), .loop = static_cast<std::uint32_t>(i % 2)};
        peers.push_back(i % 4 == 0 ? &sse(join) : &ws(join));
    }
    clock.advance(milliseconds(250));
    EXPECT_EQ(ask({}).size(), 100u);
    EXPECT_EQ(ask({.wire = Wire::sse}).size(), 25u);
    const auto two = ask({.keys = {peers[3]->key, peers[8]->key, 999'999}});
    ASSERT_EQ(two.size(), 2u);
    EXPECT_EQ(two[0].age, milliseconds(250));
    const auto one = ask({.connection_id = peers[8]->admission->connection_id});
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(one[0].key, peers[8]->key);
    EXPECT_EQ(one[0].detail->player_id, "p8");
    EXPECT_EQ(one[0].detail->session_id, session_of(*peers[8]));
    EXPECT_TRUE(ask({.connection_id = "c_unknown"}).empty());
}

TEST_F(LoopSurveyTest, TheBlackBoxTellsAConnectionsLife) {
    start();
    advance(seconds(1));
    Peer& peer = ws({.player = "p1", .client = "c"});
    subscribe(peer, "room");
    const Seq said = say("room");
    ack(peer, said);
    core(peer).pong_received(peer.key, std::to_string(now().ns - 2'000'000), now());
    peer.room = 0;
    say("room");
    clock.advance(milliseconds(40));
    drain_socket(peer);
    unsubscribe(peer, "room");
    const json events = events_of(peer);
    EXPECT_EQ(names(events), (std::vector<std::string>{"opened", "subscribed", "life_signs", "slow", "unsubscribed"}))
        << events;
    EXPECT_EQ(events[2]["rtt_ms"], 2);
    EXPECT_EQ(events[2]["acknowledged"], id(said));
    EXPECT_EQ(events[3]["drained"], true);
    EXPECT_EQ(events[3]["times"], 1);
}

TEST_F(LoopSurveyTest, ClosedConnectionsAreKeptWithWhy) {
    start();
    Peer& cut = ws({.player = "p1"});
    Peer& silent = ws({.player = "p2"});
    Peer& leaves = sse({.player = "p3"});
    Peer& polite = ws({.player = "p4"});
    hang_up(cut);
    hang_up(leaves);
    core(polite).peer_closed(polite.key, 1000, now());
    turn();
    hang_up(polite);
    advance(seconds(30), true);
    EXPECT_TRUE(core(silent).events_of_abnormal_end(silent.key));
    hang_up(silent);
    const auto closed = [&](const Peer& peer) { return node_->closed().find(peer.admission->connection_id); };
    EXPECT_EQ(closed(cut)->code, 1006);
    EXPECT_TRUE(closed(cut)->abnormal);
    EXPECT_EQ(closed(cut)->player_id, "p1");
    EXPECT_EQ(closed(leaves)->code, 1006);
    EXPECT_FALSE(closed(leaves)->abnormal) << "an event stream has no other way to end";
    EXPECT_EQ(closed(polite)->code, 1000);
    EXPECT_FALSE(closed(polite)->abnormal);
    EXPECT_EQ(closed(silent)->code, 4004);
    EXPECT_TRUE(closed(silent)->abnormal);
    EXPECT_EQ(closed(silent)->reason, "no sign of life for two heartbeats");
    EXPECT_EQ(closed(silent)->lasted, seconds(30));
    const auto shard = node_->shards(stats::Latency::lasted_websocket)[0];
    EXPECT_EQ(stats::lifetime(std::vector{shard}).count(), 3u);
    EXPECT_EQ(stats::lifetime(std::vector{shard}).max() / 1'000'000, 30u);
}

TEST_F(LoopSurveyTest, WithoutConnectionsNothingIsLookedAt) {
    start();
    turn();
    const MonoTime trims = loop().next_deadline();
    Peer& peer = ws();
    turn();
    EXPECT_LE(loop().next_deadline(), now() + seconds(1));
    hang_up(peer);
    turn();
    EXPECT_GT(trims, MonoTime{});
    advance(seconds(2));
    const auto lag = node_->shards(stats::Latency::loop_lag)[0];
    EXPECT_EQ(stats::lifetime(std::vector{lag}).count(), 0u);
}

}  // namespace
}  // namespace mythos::hub::test
