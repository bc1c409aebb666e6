// Joining, limits, displacement, standby and promotion.
#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"
#include "hub/late_journal.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConnectTest : public HubTest {};

TEST_F(ConnectTest, ThoseWhoNameNoSessionOrAnUnknownOneJoinTheLivingOne) {
    start(2);
    Peer& first = open(Wire::websocket, {.client = "c", .loop = 0});
    Peer& racing = open(Wire::sse, {.client = "c", .loop = 1});
    turn();
    EXPECT_EQ(session_of(first), session_of(racing)) << "of two openings the second finds the first";
    EXPECT_EQ(session_of(ws({.session = "nobody-knows-it"})), session_of(first));
    EXPECT_NE(session_of(ws({.player = "p2"})), session_of(first));
}

TEST_F(ConnectTest, WhoNamesAReplacedSessionIsSentAwayForGood) {
    start();
    Peer& old = ws({.client = "c"});
    const std::string replaced = session_of(old);
    const json made = new_session("p1");
    EXPECT_EQ(made["previous_connections_disconnected"], 1);
    EXPECT_EQ(old.close_code, 4001);
    Peer& again = ws({.client = "c", .session = replaced});
    ASSERT_TRUE(again.refusal.has_value());
    EXPECT_EQ(again.refusal->code, CloseCode::session_replaced);
    EXPECT_FALSE(again.refusal->before_upgrade);
    Peer& stream = sse({.client = "c", .session = replaced});
    EXPECT_EQ(stream.refusal->sse_status, 204);
    EXPECT_EQ(session_of(ws({.client = "d"})), made["session_id"]);
    EXPECT_EQ(count(Counter::rejected_session_replaced), 2u);
    EXPECT_EQ(count(Counter::failed_websocket_session_replaced), 1u);
    EXPECT_EQ(count(Counter::failed_sse_session_replaced), 1u);
    hang_up(old);
    EXPECT_EQ(count(Counter::closed_websocket_session_replaced), 1u);
}

// After a crash the session might not have been replaced after all, and its client would stay away for good.
TEST_F(ConnectTest, NobodyIsSentAwayForAReplacementThatIsNotCommitted) {
    LateJournal::Disk disk;
    auto late = std::make_unique<LateJournal>(disk);
    LateJournal& journal = *late;
    start_on(std::move(late));
    Peer& old = ws({.client = "c"});
    const std::string session = session_of(old);
    journal.at_once = false;
    int answered = 0, posted = 0;
    loop().post_session("p1", now(), [&](Answer) { ++answered; });
    turn();
    Peer& again = sse({.client = "c", .session = session});
    loop().post_commands(session, "c", R"({"type":"ping"})", now(), [&](Answer a) { posted = a.status; });
    turn();
    EXPECT_FALSE(again.refusal.has_value());
    EXPECT_FALSE(old.close_code.has_value());
    EXPECT_EQ(answered, 0);
    EXPECT_EQ(posted, 0);
    journal.commit_all();
    turn();
    EXPECT_EQ(again.refusal->error_code, "session_replaced");
    EXPECT_EQ(old.close_code, 4001);
    EXPECT_EQ(answered, 1);
    EXPECT_EQ(posted, 409);
}

TEST_F(ConnectTest, ANewClientTakesThePlaceOfTheOneLongestAway) {
    settings.clients_per_session = 2;
    start();
    Peer& a = ws({.client = "a"});
    command(a, "c-7", "publish", {{"player", "p1"}, {"type", "t"}});
    Peer& b = ws({.client = "b"});
    EXPECT_EQ(ws({.client = "x"}).refusal->error_code, "limit");
    hang_up(a);
    clock.advance(milliseconds(1));
    hang_up(b);
    Peer& c = ws({.client = "c"});
    ASSERT_FALSE(c.refusal.has_value());
    Peer& d = ws({.client = "d"});
    ASSERT_FALSE(d.refusal.has_value()) << "b was still away";
    hang_up(c);
    Peer& back = ws({.client = "a"});
    EXPECT_EQ(command(back, "c-7", "publish", {{"player", "p1"}, {"type", "t"}})["error"]["code"], "stale_id")
        << "its outcomes are gone, so nothing that it sent is executed again";
}

TEST_F(ConnectTest, AnotherPlayersSessionIsRefusedBeforeTheUpgrade) {
    start();
    Peer& mine = ws({.player = "p1"});
    Peer& thief = ws({.player = "p2", .session = session_of(mine)});
    ASSERT_TRUE(thief.refusal.has_value());
    EXPECT_TRUE(thief.refusal->before_upgrade);
    EXPECT_EQ(thief.refusal->status, 403);
    EXPECT_EQ(thief.refusal->error_code, "foreign_session");
}

TEST_F(ConnectTest, ANewcomerReplacesItsOwnPredecessorBeforeAnyLimit) {
    settings.connections_per_player = 2;
    settings.connections_max = 2;
    start();
    Peer& first = ws({.client = "c"});
    Peer& other = ws({.client = "d"});
    Peer& second = ws({.client = "c"});
    EXPECT_TRUE(second.admission.has_value());
    EXPECT_EQ(first.close_code, 4003);
    EXPECT_FALSE(other.close_code.has_value());
    hang_up(first);
    subscribe(second, "room");
    const Seq seq = say("room");
    EXPECT_THAT(second.seqs(), ElementsAre(seq));
}

TEST_F(ConnectTest, ATryThatItsClientGaveUpLongAgoDoesNotDisplaceTheNewerOne) {
    start();
    Peer& newer = ws({.client = "c", .attempt = 5});
    Peer& late = ws({.client = "c", .attempt = 4});
    ASSERT_TRUE(late.refusal.has_value());
    EXPECT_EQ(late.refusal->code, CloseCode::displaced);
    EXPECT_EQ(late.refusal->sse_status, 204);
    EXPECT_FALSE(newer.close_code.has_value());
    EXPECT_TRUE(ws({.client = "c", .attempt = 6}).admission.has_value());
    EXPECT_EQ(newer.close_code, 4003);
    EXPECT_TRUE(ws({.client = "c"}).admission.has_value()) << "who does not say is the newest";
}

TEST_F(ConnectTest, TheServersLimitSaysWhenToComeBack) {
    settings.connections_max = 1;
    start();
    Peer& in = ws({.player = "p1"});
    Peer& out = ws({.player = "p2"});
    ASSERT_TRUE(out.refusal.has_value());
    EXPECT_EQ(out.refusal->code, CloseCode::overloaded);
    EXPECT_EQ(out.refusal->sse_status, 503);
    EXPECT_GT(out.refusal->retry_after_s, 0);
    EXPECT_EQ(count(Counter::rejected_connection_limit), 1u);
    hang_up(in);
    EXPECT_TRUE(ws({.player = "p2"}).admission.has_value());
}

TEST_F(ConnectTest, OverThePlayersLimitTheOldestOfTheSameWireGoes) {
    settings.connections_per_player = 3;
    start();
    Peer& s1 = sse({.client = "a"});
    Peer& w1 = ws({.client = "a"});
    Peer& w2 = ws({.client = "b"});
    Peer& w3 = ws({.client = "c"});
    EXPECT_EQ(w1.close_code, 4003);
    EXPECT_FALSE(s1.close_code || w2.close_code || w3.close_code);
    Peer& s2 = sse({.client = "d"});
    EXPECT_EQ(s1.close_code, 4003);
    EXPECT_EQ(s1.messages.back()["type"], "mythos.closed");
    EXPECT_EQ(s1.retry_ms, 3'600'000u);
    EXPECT_TRUE(s2.admission.has_value());
    hang_up(w1);
    EXPECT_EQ(count(Counter::closed_websocket_displaced), 1u);
}

TEST_F(ConnectTest, WithNoneOfItsWireTheOldestOfAllGoes) {
    settings.connections_per_player = 2;
    start();
    Peer& w1 = ws({.client = "a"});
    Peer& w2 = ws({.client = "b"});
    sse({.client = "c"});
    EXPECT_EQ(w1.close_code, 4003);
    EXPECT_FALSE(w2.close_code.has_value());
}

TEST_F(ConnectTest, ADisplacedOneComesInAgainOnlyWhereThereIsRoom) {
    settings.connections_per_player = 1;
    start();
    ws({.client = "a"});
    Peer& b = ws({.client = "b"});
    Peer& back = ws({.client = "a"});
    ASSERT_TRUE(back.refusal.has_value());
    EXPECT_EQ(back.refusal->code, CloseCode::displaced);
    EXPECT_EQ(back.refusal->sse_status, 204);
    EXPECT_FALSE(b.close_code.has_value()) << "it displaces nobody";
    EXPECT_EQ(count(Counter::rejected_displaced), 1u);
    hang_up(b);
    EXPECT_TRUE(ws({.client = "a"}).admission.has_value());
}

TEST_F(ConnectTest, TheRefusePolicyLetsNobodyIn) {
    settings.connections_per_player = 1;
    settings.limit_policy = LimitPolicy::refuse;
    start();
    Peer& a = ws({.client = "a"});
    Peer& b = ws({.client = "b"});
    ASSERT_TRUE(b.refusal.has_value());
    EXPECT_EQ(b.refusal->code, CloseCode::displaced);
    EXPECT_EQ(b.refusal->sse_status, 429);
    EXPECT_FALSE(a.close_code.has_value());
    EXPECT_EQ(count(Counter::rejected_player_limit), 1u);
    EXPECT_TRUE(ws({.client = "a"}).admission.has_value()) << "its own predecessor does not count";
}

TEST_F(ConnectTest, TheSessionLimitRefusesNewPlayersOnly) {
    settings.sessions_max = 1;
    start();
    ws({.player = "p1"});
    EXPECT_TRUE(sse({.player = "p1"}).admission.has_value());
    EXPECT_EQ(ws({.player = "p2"}).refusal->error_code, "session_limit");
}

class PromotionTest : public ConnectTest {
protected:
    void begin() {
        start(2);
        active = &ws({.client = "c", .loop = 0});
        standby = &sse({.client = "c", .mode = Mode::standby, .loop = 1});
        subscribe(*active, "room");
        for (int i = 0; i < 4; ++i) said.push_back(say("room"));
    }
    json promote(Peer& by, Peer& whom, Seq cursor) {
        return command(by, "p-" + std::to_string(++number), "promote",
                       {{"connection_id", whom.admission->connection_id}, {"cursor", id(cursor)}});
    }
    Peer* active = nullptr;
    Peer* standby = nullptr;
    std::vector<Seq> said;
    int number = 0;
};

TEST_F(PromotionTest, WhenTheActiveWireDiesTheServerPromotesFromTheLastAcknowledged) {
    begin();
    ack(*active, said[1]);
    hang_up(*active);
    EXPECT_EQ(standby->last("promoted")["cursor"], id(said[1])) << "never from what the dead socket was handed";
    EXPECT_THAT(standby->seqs(), ElementsAre(said[2], said[3]));
    const Seq next = say("room");
    EXPECT_EQ(standby->seqs().back(), next);
    // The marker stands in front of the first replayed entry, and its `id:` is its cursor.
    EXPECT_EQ(standby->messages[1]["type"], "mythos.promoted");
    EXPECT_EQ(standby->sse_ids[1], id(said[1]));
    EXPECT_EQ(count(Counter::promotions), 1u);
}

TEST_F(PromotionTest, TheClientPromotesFromItsOwnCursorAndTheOtherWireStandsBy) {
    begin();
    const json reply = command(*active, "c-1", "promote",
                               {{"connection_id", standby->admission->connection_id}, {"cursor", id(said[2])}});
    EXPECT_EQ(reply["ok"], true);
    EXPECT_EQ(standby->last("promoted")["cursor"], id(said[2]));
    EXPECT_THAT(standby->seqs(), ElementsAre(said[3]));
    const Seq next = say("room");
    EXPECT_EQ(standby->seqs().back(), next);
    EXPECT_EQ(active->seqs(), said) << "exactly one wire is active";
}

TEST_F(PromotionTest, NoFailBackWhenTheOtherWireReturns) {
    begin();
    hang_up(*active);
    Peer& back = ws({.client = "c", .mode = Mode::standby});
    EXPECT_EQ(back.last("welcome")["mode"], "standby");
    const Seq next = say("room");
    EXPECT_THAT(back.seqs(), IsEmpty());
    EXPECT_EQ(standby->seqs().back(), next);
}

TEST_F(PromotionTest, AnActiveWireWhoseBaseIsLowEnoughIsLeftAsItIs) {
    begin();
    EXPECT_EQ(promote(*active, *active, said[1])["ok"], true);
    EXPECT_EQ(active->count("promoted"), 0u);
    EXPECT_EQ(active->seqs(), said);
}

TEST_F(PromotionTest, AnActiveWireThatBeganTooHighIsRewound) {
    start();
    Peer& first = ws({.client = "c"});
    subscribe(first, "room");
    std::vector<Seq> all;
    for (int i = 0; i < 5; ++i) all.push_back(say("room"));
    Peer& high = sse({.client = "c", .cursor = id(all[3])});
    hang_up(first);
    EXPECT_THAT(high.seqs(), ElementsAre(all[4]));
    const auto answer =
        post_commands(session_of(high), "c",
                      json{{"id", "c-1"},
                           {"type", "promote"},
                           {"data", {{"connection_id", high.admission->connection_id}, {"cursor", id(all[0])}}}}
                          .dump());
    EXPECT_EQ(json::parse(answer.body)[0]["data"]["ok"], true);
    EXPECT_EQ(high.last("promoted")["cursor"], id(all[0]));
    EXPECT_THAT(high.seqs(), ElementsAre(all[4], all[1], all[2], all[3], all[4]));
}

TEST_F(PromotionTest, APromotionIntoWhatIsGoneTellsTheGapAndPunishesNobody) {
    retention.entries = 4;
    start();
    Peer& a = ws({.client = "c"});
    subscribe(a, "room");
    const Seq applied = say("room");
    Peer& b = sse({.client = "c", .mode = Mode::standby});
    ack(a, applied);
    a.room = 0;
    std::vector<Seq> all;
    for (int i = 0; i < 9; ++i) all.push_back(say("room"));
    hang_up(a);
    EXPECT_EQ(b.last("promoted")["cursor"], id(applied));
    EXPECT_EQ(b.last("gap")["after"], id(applied));
    EXPECT_EQ(b.last("gap")["before"], id(all[5]));
    EXPECT_EQ(b.last("gap")["lost"], 5);
    EXPECT_EQ(b.seqs(), std::vector<Seq>(all.begin() + 5, all.end()));
    EXPECT_FALSE(b.close_code.has_value());
}

TEST_F(PromotionTest, BadPromotionsAreRefusedAndChangeNothing) {
    begin();
    EXPECT_EQ(promote(*active, *standby, 1'000'000)["error"]["code"], "bad_cursor");
    EXPECT_EQ(command(*active, "c-101", "promote", {{"cursor", 5}})["error"]["code"], "bad_cursor");
    EXPECT_EQ(command(*active, "c-102", "promote", json::array())["error"]["code"], "bad_cursor");
    EXPECT_EQ(command(*active, "c-103", "promote", {{"cursor", "other-1"}})["error"]["code"], "bad_cursor");
    EXPECT_EQ(command(*active, "c-104", "promote", {{"cursor", id(1)}, {"connection_id", "k_other"}})["ok"], false);
    EXPECT_EQ(standby->count("promoted"), 0u);
}

TEST_F(PromotionTest, AReplacedSessionsStandbyIsClosedAndNotPromoted) {
    begin();
    new_session("p1");
    EXPECT_EQ(standby->close_code, 4001);
    EXPECT_EQ(standby->count("promoted"), 0u);
    EXPECT_THAT(standby->seqs(), IsEmpty());
    EXPECT_EQ(count(Counter::promotions), 0u);
}

}  // namespace
}  // namespace mythos::hub::test
