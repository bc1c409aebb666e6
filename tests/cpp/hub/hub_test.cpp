// Sessions in time, presence, publishing once, and the server's own disconnects.
#include "hub/hub.hpp"
#include "base/limits.hpp"

#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"
#include "hub/node_shared.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SessionTest : public HubTest {};

TEST_F(SessionTest, ASessionOutlivesItsLastConnectionByTheGrace) {
    settings.grace = seconds(30);
    start();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    const std::string session = session_of(peer);
    hang_up(peer);
    advance(seconds(29));
    const Seq seq = say("room");
    Peer& back = ws({.client = "c", .session = session, .cursor = id(seq - 1)});
    EXPECT_EQ(session_of(back), session);
    EXPECT_THAT(back.seqs(), ElementsAre(seq));
    advance(seconds(300));
    EXPECT_EQ(session_of(ws({.client = "d"})), session) << "the grace does not run while a connection lives";
}

TEST_F(SessionTest, AfterTheGraceItIsGoneWithItsSubscriptions) {
    settings.grace = seconds(30);
    start();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    const std::string session = session_of(peer);
    hang_up(peer);
    advance(seconds(31));
    Peer& back = ws({.client = "c", .session = session});
    EXPECT_NE(session_of(back), session);
    say("room");
    EXPECT_THAT(back.seqs(), IsEmpty());
    EXPECT_EQ(post_commands(session, "c", R"({"id":"c-1","type":"ping"})").status, 410);
}

TEST_F(SessionTest, AnExpiryDueInTheSameTurnComesAfterARegisteredConnection) {
    settings.grace = seconds(30);
    start();
    Peer& peer = ws({.client = "c"});
    const std::string session = session_of(peer);
    hang_up(peer);
    clock.advance(seconds(60));
    Peer& back = open(Wire::websocket, {.client = "c", .session = session});
    turn();
    EXPECT_EQ(session_of(back), session);
}

TEST_F(SessionTest, ASessionThatNobodyEverJoinedLivesForTheGrace) {
    start();
    const json made = new_session("p1");
    EXPECT_EQ(made["previous_connections_disconnected"], 0);
    advance(settings.grace - seconds(1));
    Peer& peer = ws({.session = made["session_id"]});
    EXPECT_EQ(session_of(peer), made["session_id"]);
    const json second = new_session("p2");
    advance(settings.grace + seconds(1));
    EXPECT_NE(session_of(ws({.player = "p2"})), second["session_id"]);
}

TEST_F(SessionTest, AnOpeningByTheApiKeepsTheServersLimits) {
    settings.sessions_max = 2;
    start();
    const auto status = [&](const std::string& player) {
        return answer_of([&](LoopCore& l, AnswerTo to) { l.post_session(player, now(), std::move(to)); }).status;
    };
    EXPECT_EQ(status("p1"), 200);
    EXPECT_EQ(status("p2"), 200);
    EXPECT_EQ(status("p3"), 503);
    EXPECT_EQ(status("p2"), 200) << "a replacement makes no more of them";
    loop().drain(seconds(1), "", now());
    turn();
    EXPECT_EQ(status("p1"), 503);
}

// A player's own target is made by the first message to the player, whoever lives where at that time.
TEST_F(SessionTest, WhatIsSentToAPlayerIsOwedFromTheOpeningOn) {
    start(2);
    Peer& early = ws({.client = "a", .loop = 0});
    Peer& other = sse({.client = "b", .loop = 1});
    const Seq first = publish({{"player", "p1"}, {"type", "t"}})[0];
    const Seq second = publish({{"player", "p1"}, {"type", "t"}})[0];
    EXPECT_EQ(early.seqs(), (std::vector<Seq>{first, second}));
    EXPECT_EQ(other.seqs(), early.seqs());
    Peer& late = ws({.client = "c", .cursor = id(first - 1), .loop = 1});
    EXPECT_EQ(late.seqs(), early.seqs()) << "a resume finds it by position";
    EXPECT_EQ(late.last("welcome")["replayed"], 2);
    publish({{"player", "p2"}, {"type", "t"}});
    Peer& after = ws({.player = "p2"});
    EXPECT_TRUE(after.seqs().empty()) << "sent before its session opened";
    const Seq owed = publish({{"player", "p2"}, {"type", "t"}})[0];
    EXPECT_EQ(after.seqs(), std::vector<Seq>{owed});
}

TEST_F(SessionTest, AnOpeningAndItsFirstMessageMayShareATurn) {
    start(2);
    Peer& peer = open(Wire::websocket, {.client = "a", .loop = 1});
    std::vector<Seq> sent;
    loop(1).post_publish(R"({"player":"p1","type":"t"})", "", now(),
                         [&](Answer a) { sent.push_back(seq_of(json::parse(a.body)["id"])); });
    turn();
    EXPECT_EQ(peer.seqs(), sent);
    ASSERT_EQ(sent.size(), 1u);
}

TEST_F(SessionTest, SubscribingOverAndOverKeepsNoMoreThanTheRetentionNeeds) {
    retention.entries = 16;
    start();
    Peer& peer = ws({.client = "a"});
    for (std::size_t i = 0; i < 3 * kIntervalsCounted; ++i) {
        command(peer, "c-" + std::to_string(2 * i), "subscribe", {{"channel", "room"}});
        command(peer, "c-" + std::to_string(2 * i + 1), "unsubscribe", {{"channel", "room"}});
    }
    Peer& joined = ws({.client = "b"});
    subscribe(peer, "room");
    const Seq said = say("room");
    EXPECT_EQ(peer.seqs(), std::vector<Seq>{said});
    EXPECT_EQ(joined.seqs(), std::vector<Seq>{said});
    ConnectRequest request;
    request.player_id = "p1";
    const auto admitted = std::get<Admitted>(node_->shared().hub.connect(request, 1'000'000, 0));
    EXPECT_LE(admitted.intervals.list.size(), kIntervalsCounted + 1);
}

TEST_F(SessionTest, ReplacedIdsAreRememberedForADayInABoundedTable) {
    settings.replaced_max = 2;
    start();
    std::vector<std::string> sessions;
    for (int i = 0; i < 4; ++i) sessions.push_back(new_session("p1")["session_id"]);
    EXPECT_TRUE(ws({.session = sessions[2]}).refusal.has_value());
    EXPECT_TRUE(ws({.session = sessions[1]}).refusal.has_value());
    EXPECT_TRUE(ws({.session = sessions[0]}).admission.has_value()) << "pushed out of the table: unknown, so it joins";
    ASSERT_EQ(post_commands(sessions[2], "c", R"({"id":"c-1","type":"ping"})").status, 409);
    clock.advance(seconds(86'401));
    turn();
    turn();
    EXPECT_EQ(post_commands(sessions[2], "c", R"({"id":"c-1","type":"ping"})").status, 410);
}

TEST_F(SessionTest, PresenceIsToldToThoseWhoAskedForIt) {
    start();
    Peer& watcher = ws({.player = "w"});
    Peer& plain = ws({.player = "n"});
    subscribe(watcher, "room", true);
    subscribe(plain, "room");
    Peer& guest = ws({.player = "g", .client = "c"});
    const std::string session = session_of(guest);
    watcher.entries.clear();
    subscribe(guest, "room");
    unsubscribe(guest, "room");
    subscribe(guest, "room");
    hang_up(guest);
    EXPECT_EQ(watcher.entries.size(), 3u) << "a closed connection is no leave";
    advance(settings.grace + seconds(1));
    ASSERT_EQ(watcher.entries.size(), 4u) << "an expired session is";
    const std::string types[] = {"presence.joined", "presence.left", "presence.joined", "presence.left"};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(watcher.entries[i]["type"], types[i]);
        EXPECT_EQ(watcher.entries[i]["channel"], "room");
        EXPECT_EQ(watcher.entries[i]["data"]["player_id"], "g");
        EXPECT_EQ(watcher.entries[i]["data"]["session_id"], session);
    }
    EXPECT_THAT(plain.seqs(), IsEmpty());
    EXPECT_THAT(guest.seqs(), IsEmpty());
}

TEST_F(SessionTest, PresenceMayBeAskedForLater) {
    start();
    Peer& watcher = ws({.player = "w"});
    subscribe(watcher, "room");
    const Seq from = subscribe(watcher, "room", true);
    Peer& guest = ws({.player = "g"});
    subscribe(guest, "room");
    ASSERT_EQ(watcher.entries.size(), 1u);
    EXPECT_GT(watcher.seqs()[0], from);
}

TEST_F(SessionTest, AnIdempotencyKeyPublishesOnce) {
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    const std::string body = R"({"messages":[{"channel":"room","type":"a"},{"channel":"room","type":"b"}]})";
    const Answer first = post_publish(body, "key-1");
    const Answer second = post_publish(body, "key-1");
    EXPECT_EQ(first.body, second.body);
    EXPECT_EQ(peer.entries.size(), 2u);
    EXPECT_EQ(post_publish(R"({"channel":"room","type":"c"})", "key-1").status, 409);
    EXPECT_EQ(post_publish(body, "key-2").status, 200);
    EXPECT_EQ(peer.entries.size(), 4u);
}

TEST_F(SessionTest, TheServerDisconnectsByPlayerSessionOrConnection) {
    start();
    const auto disconnect = [&](const json& body) {
        return answer_of([&](LoopCore& core, AnswerTo to) { core.post_disconnect(body.dump(), now(), std::move(to)); });
    };
    Peer& a = ws({.player = "p1", .client = "a"});
    Peer& b = sse({.player = "p1", .client = "b"});
    Peer& c = ws({.player = "p2"});
    Peer& d = ws({.player = "p3"});
    EXPECT_EQ(
        json::parse(disconnect({{"connection_id", a.admission->connection_id}, {"code", 4003}}).body)["disconnected"],
        1);
    EXPECT_EQ(a.close_code, 4003);
    EXPECT_FALSE(b.close_code.has_value());
    EXPECT_EQ(
        json::parse(disconnect({{"player", "p1"}, {"code", 1008}, {"reason", "house rules"}}).body)["disconnected"], 1);
    EXPECT_EQ(b.close_code, 1008);
    EXPECT_EQ(b.close_reason, "house rules");
    EXPECT_EQ(json::parse(disconnect({{"session_id", session_of(c)}}).body)["disconnected"], 1);
    EXPECT_TRUE(c.close_code.has_value());
    EXPECT_EQ(json::parse(disconnect({{"player", "nobody"}}).body)["disconnected"], 0);
    EXPECT_FALSE(d.close_code.has_value());
    EXPECT_TRUE(ws({.player = "p1", .client = "a"}).admission.has_value()) << "disconnected, not locked out";
    hang_up(a);
    hang_up(b);
    EXPECT_EQ(count(Counter::closed_websocket_disconnected), 1u);
    EXPECT_EQ(count(Counter::closed_sse_disconnected), 1u);
    EXPECT_EQ(count(Counter::closed_websocket_policy), 0u) << "that is for what a peer does";
}

TEST_F(SessionTest, UnusedTargetsAreForgottenAndMayReturn) {
    settings.position_memory = 16;
    settings.sweep_interval = seconds(5);
    retention.entries = 8;
    start();
    Peer& peer = ws();
    for (int round = 0; round < 3; ++round) {
        subscribe(peer, "passing");
        const Seq seq = say("passing");
        EXPECT_EQ(peer.seqs().back(), seq);
        unsubscribe(peer, "passing");
        for (int i = 0; i < 40; ++i) say("elsewhere" + std::to_string(i));
        for (int i = 0; i < 3; ++i) advance(seconds(6));
    }
    EXPECT_EQ(peer.entries.size(), 3u);
    EXPECT_EQ(peer.count("gap"), 0u);
}

}  // namespace
}  // namespace mythos::hub::test
