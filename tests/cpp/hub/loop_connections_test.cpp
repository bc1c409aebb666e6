// Connections that come and go at awkward moments.
#include "hub/hub_fixture.hpp"
#include "hub/late_journal.hpp"

namespace mythos::hub::test {
namespace {

class ConnectionTest : public HubTest {
protected:
    LateJournal& start_late(std::uint32_t loops = 1) {
        auto late = std::make_unique<LateJournal>(disk);
        LateJournal& journal = *late;
        start_on(std::move(late), loops);
        return journal;
    }
    LateJournal::Disk disk;
};

TEST_F(ConnectionTest, WhoHangsUpBeforeItsTurnLeavesNothingBehind) {
    start();
    Peer& peer = open(Wire::websocket);
    EXPECT_FALSE(core(peer).gone(peer.key, now()).has_value()) << "it was never let in";
    turn();
    EXPECT_FALSE(peer.admission || peer.refusal);
    EXPECT_EQ(loop().connections(), 0u);
    EXPECT_EQ(journal_->ring().head(), 0u) << "no session was opened for it";
}

TEST_F(ConnectionTest, TheWelcomeWaitsForTheOpeningsCommit) {
    LateJournal& journal = start_late();
    journal.at_once = false;
    Peer& peer = ws();
    EXPECT_FALSE(peer.admission.has_value());
    journal.commit_all();
    turn();
    EXPECT_TRUE(peer.admission.has_value());
    EXPECT_EQ(peer.count("welcome"), 1u);
}

TEST_F(ConnectionTest, WhoHangsUpBeforeItsWelcomeFreesItsPlace) {
    settings.connections_per_player = 1;
    LateJournal& journal = start_late();
    journal.at_once = false;
    Peer& first = ws({.client = "c"});
    hang_up(first);
    journal.commit_all();
    turn();
    EXPECT_FALSE(first.admission.has_value());
    EXPECT_EQ(loop().connections(), 0u);
    Peer& second = ws({.client = "d"});
    journal.commit_all();
    turn();
    EXPECT_TRUE(second.admission.has_value());
    EXPECT_EQ(count(Counter::opened_websocket), 1u);
}

TEST_F(ConnectionTest, WhoIsDisplacedBeforeItsWelcomeIsToldAfterIt) {
    LateJournal& journal = start_late();
    journal.at_once = false;
    Peer& first = ws({.client = "c"});
    Peer& second = ws({.client = "c"});
    journal.commit_all();
    turn();
    EXPECT_EQ(first.count("welcome"), 1u);
    EXPECT_EQ(first.close_code, 4003);
    EXPECT_TRUE(second.admission.has_value());
    EXPECT_FALSE(second.close_code.has_value());
}

TEST_F(ConnectionTest, ASessionReplacedBeforeTheWelcomeIsWelcomedAndClosed) {
    LateJournal& journal = start_late();
    journal.at_once = false;
    Peer& peer = ws();
    loop().post_session("p1", now(), [](Answer) {});
    turn();
    journal.commit_all();
    turn();
    EXPECT_EQ(peer.count("welcome"), 1u);
    EXPECT_EQ(peer.close_code, 4001);
}

TEST_F(ConnectionTest, AStandbyPromotedBeforeItsWelcomeBeginsAsTheActiveOne) {
    LateJournal& journal = start_late();
    Peer& active = ws({.client = "c"});
    subscribe(active, "room");
    const Seq acked = say("room");
    const Seq missed = say("room");
    ack(active, acked);
    journal.at_once = false;
    command(active, "", "publish", {{"channel", "room"}, {"type", "t"}});
    Peer& standby = sse({.client = "c", .mode = Mode::standby});
    hang_up(active);
    journal.commit_all();
    turn();
    EXPECT_EQ(standby.last("welcome")["mode"], "mirror");
    EXPECT_EQ(standby.last("welcome")["cursor"], id(acked));
    EXPECT_EQ(standby.seqs(), (std::vector<Seq>{missed, missed + 1}));
}

TEST_F(ConnectionTest, APeersCloseIsEchoedWithItsCode) {
    start();
    Peer& peer = ws();
    core(peer).peer_closed(peer.key, 3456, now());
    turn();
    EXPECT_EQ(peer.close_code, 3456);
    EXPECT_TRUE(peer.finished);
    Peer& other = ws();
    core(other).peer_closed(other.key, 1005, now());
    turn();
    EXPECT_EQ(other.close_code, 1005) << "a close frame without a code is answered by one";
    hang_up(peer);
    hang_up(other);
    EXPECT_EQ(count(Counter::closed_websocket_normal), 2u);
}

TEST_F(ConnectionTest, ASocketThatVanishesCountsAsGone) {
    start();
    Peer& peer = ws();
    EXPECT_EQ(core(peer).gone(peer.key, now()).value().reason, stats::CloseReason::peer_gone);
    EXPECT_FALSE(core(peer).gone(peer.key, now()).has_value());
    turn();
    EXPECT_EQ(count(Counter::closed_websocket_peer_gone), 1u);
}

TEST_F(ConnectionTest, AfterTheLastWordNothingIsHeardAnyMore) {
    start();
    Peer& peer = ws({.client = "c"});
    core(peer).close(peer.key, CloseCode::policy, "enough", now());
    turn();
    const std::size_t messages = peer.messages.size();
    text(peer, R"({"id":"c-1","type":"publish","data":{"everyone":true,"type":"t"}})");
    core(peer).ping_received(peer.key, "x", now());
    turn();
    EXPECT_EQ(peer.messages.size(), messages);
    EXPECT_EQ(count(Counter::published), 0u);
}

TEST_F(ConnectionTest, UnknownKeysAreIgnored) {
    start();
    loop().received(77, "{}", now());
    loop().heard(77, now());
    loop().writable(77, now());
    loop().close(77, CloseCode::normal, "", now());
    loop().peer_closed(77, 1000, now());
    loop().ping_received(77, "", now());
    loop().pong_received(77, "", now());
    loop().gone(77, now());
    turn();
    EXPECT_EQ(loop().connections(), 0u);
}

TEST_F(ConnectionTest, APredecessorsEndDoesNotCountItsSuccessorAsDead) {
    settings.slow_reader = SlowReader::gap;
    retention.entries = 4;
    start();
    Peer& old = sse({.client = "c"});
    Peer& slow = ws({.client = "c"});
    subscribe(slow, "room");
    Peer& fresh = sse({.client = "c"});
    hang_up(old);
    fresh.room = 0;
    slow.room = 0;
    for (int i = 0; i < 10; ++i) say("room");
    // The gap on one wire is left to the other, which lives and lags.
    drain_socket(slow);
    EXPECT_EQ(slow.last("gap")["lost"], 6);
    EXPECT_EQ(count(Counter::deliveries_gap), 0u);
    drain_socket(fresh);
    EXPECT_EQ(count(Counter::deliveries_gap), 6u);
}

}  // namespace
}  // namespace mythos::hub::test
