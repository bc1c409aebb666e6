// Who is owed what: by the position of each entry, on every loop and wire alike.
#include "hub/delivery.hpp"

#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"
#include "hub/late_journal.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DeliveryTest : public HubTest {};

TEST_F(DeliveryTest, WhatWasSaidBeforeAJoinDoesNotLeak) {
    start();
    Peer& peer = ws();
    say("room");
    subscribe(peer, "room");
    const Seq after = say("room");
    EXPECT_THAT(peer.seqs(), ElementsAre(after));
}

TEST_F(DeliveryTest, WhatWasSaidBeforeAnUnsubscribeReachesASlowReaderToo) {
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    peer.room = 0;
    const Seq first = say("room");
    const Seq second = say("room");
    core(peer).received(peer.key, R"({"id":"c-1","type":"unsubscribe","data":{"channel":"room"}})", now());
    turn();
    say("room");
    EXPECT_THAT(peer.seqs(), IsEmpty());
    drain_socket(peer);
    EXPECT_THAT(peer.seqs(), ElementsAre(first, second));
    EXPECT_EQ(peer.reply("c-1")["ok"], true);
}

TEST_F(DeliveryTest, ASubscribeInTheMiddleOfABatchCountsFromItsOwnPosition) {
    start();
    Peer& peer = ws();
    std::vector<json> ids;
    const auto publish_later = [&] {
        loop().post_publish(R"({"channel":"room","type":"said","data":{}})", {}, now(),
                            [&](Answer a) { ids.push_back(json::parse(a.body)["id"]); });
    };
    publish_later();
    text(peer, R"({"id":"c-1","type":"subscribe","data":{"channel":"room"}})");
    publish_later();
    text(peer, R"({"id":"c-2","type":"unsubscribe","data":{"channel":"room"}})");
    publish_later();
    text(peer, R"({"id":"c-3","type":"subscribe","data":{"channel":"room"}})");
    publish_later();
    turn();
    ASSERT_EQ(ids.size(), 4u);
    EXPECT_EQ(seq_of(ids[3]), seq_of(ids[0]) + 6) << "one batch";
    EXPECT_THAT(peer.seqs(), ElementsAre(seq_of(ids[1]), seq_of(ids[3])));
    EXPECT_LT(seq_of(ids[0]), seq_of(peer.reply("c-1")["data"]["id"]));
    EXPECT_LT(seq_of(peer.reply("c-1")["data"]["id"]), seq_of(ids[1]));
}

TEST_F(DeliveryTest, AResumeSkipsWhatWasSaidBetweenTwoSubscriptions) {
    start();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    hang_up(peer);
    Peer& other = sse({.client = "c"});
    const Seq inside = say("room");
    post_commands(session_of(other), "c", R"({"id":"c-1","type":"unsubscribe","data":{"channel":"room"}})");
    say("room");
    post_commands(session_of(other), "c", R"({"id":"c-2","type":"subscribe","data":{"channel":"room"}})");
    const Seq again = say("room");
    Peer& back = ws({.client = "c", .cursor = id(inside - 1)});
    EXPECT_THAT(back.seqs(), ElementsAre(inside, again));
    EXPECT_THAT(other.seqs(), ElementsAre(inside, again));
}

TEST_F(DeliveryTest, BothWiresOnTwoLoopsCarryTheSameStreamInTheSameBytes) {
    start(2);
    Peer& a = ws({.client = "c", .loop = 0});
    Peer& b = sse({.client = "c", .loop = 1});
    Peer& stranger = ws({.player = "p2", .loop = 1});
    subscribe(a, "room");
    say("room", {{"n", 1}});
    publish({{"player", "p1"}, {"type", "mail"}, {"data", "hello"}});
    publish({{"player", "p2"}, {"type", "mail"}});
    publish({{"everyone", true}, {"type", "news"}});
    EXPECT_EQ(a.entries.size(), 3u);
    EXPECT_EQ(a.entries, b.entries);
    ASSERT_EQ(stranger.entries.size(), 2u);
    EXPECT_EQ(stranger.entries[0]["type"], "mail");
    EXPECT_EQ(stranger.entries[1]["type"], "news");
    const std::string text = R"("type":"said","channel":"room","ts":1764000000.000,"data":{"n":1}})";
    EXPECT_NE(a.bytes.find(text), std::string::npos);
    EXPECT_NE(b.bytes.find(text), std::string::npos);
}

TEST_F(DeliveryTest, AnEntryHasTheMembersOfTheProtocolAndNoOthers) {
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    const Seq seq = publish({{"channel", "room"}, {"type", "said"}, {"data", {{"big", 1}}}, {"key", "k"}}).front();
    EXPECT_EQ(peer.entries.back(),
              json::parse(R"({"id":")" + id(seq) +
                          R"(","type":"said","channel":"room","ts":1764000000.0,"data":{"big":1}})"));
}

TEST_F(DeliveryTest, ANewSessionInheritsNothing) {
    start();
    Peer& old = ws();
    subscribe(old, "room");
    const json made = new_session("p1");
    Peer& fresh = ws({.session = made["session_id"]});
    say("room");
    EXPECT_THAT(fresh.seqs(), IsEmpty());
    EXPECT_THAT(old.seqs(), IsEmpty());
    EXPECT_EQ(old.close_code, 4001);
}

TEST_F(DeliveryTest, APlayerWithoutASessionIsOwedNothing) {
    start();
    publish({{"player", "p1"}, {"type", "mail"}});
    publish({{"everyone", true}, {"type", "news"}});
    Peer& peer = ws();
    EXPECT_THAT(peer.seqs(), IsEmpty());
    const Seq seq = publish({{"player", "p1"}, {"type", "mail"}}).front();
    EXPECT_THAT(peer.seqs(), ElementsAre(seq));
}

TEST_F(DeliveryTest, ASubscriptionMadeOnOneLoopServesTheWireOnAnother) {
    start(3);
    Peer& a = ws({.client = "c", .loop = 2});
    Peer& b = ws({.client = "d", .loop = 1});
    subscribe(a, "room");
    const Seq seq = say("room");
    EXPECT_THAT(b.seqs(), ElementsAre(seq));
    unsubscribe(b, "room");
    say("room");
    EXPECT_THAT(a.seqs(), ElementsAre(seq));
}

TEST_F(DeliveryTest, NothingIsSeenBeforeItsCommit) {
    LateJournal::Disk disk;
    auto late = std::make_unique<LateJournal>(disk);
    LateJournal& journal = *late;
    start_on(std::move(late));
    Peer& peer = ws();
    subscribe(peer, "room");
    journal.at_once = false;
    text(peer, R"({"id":"c-1","type":"publish","data":{"channel":"room","type":"said"}})");
    turn();
    EXPECT_THAT(peer.seqs(), IsEmpty());
    EXPECT_TRUE(peer.reply("c-1").is_null());
    journal.commit_all();
    turn();
    EXPECT_THAT(peer.seqs(), ElementsAre(seq_of(peer.reply("c-1")["data"]["id"])));
}

// The wire is let in while an unsubscribe behind an entry is appended but not yet committed: what the session
// is owed in between must reach it, although its list of subscriptions has the end already.
TEST_F(DeliveryTest, AWireThatJoinsWhileAnUnsubscribeWaitsForItsCommitMissesNothing) {
    LateJournal::Disk disk;
    auto late = std::make_unique<LateJournal>(disk);
    LateJournal& journal = *late;
    start_on(std::move(late), 2);
    Peer& first = ws({.client = "c", .loop = 0});
    subscribe(first, "room");
    journal.at_once = false;
    text(first, R"({"id":"c-1","type":"publish","data":{"channel":"room","type":"said"}})");
    turn();
    text(first, R"({"id":"c-2","type":"unsubscribe","data":{"channel":"room"}})");
    turn();
    Peer& second = open(Wire::sse, {.client = "c", .loop = 1});
    turn();
    while (!first.reply("c-2").is_object()) {
        journal.commit_one();
        turn();
    }
    ASSERT_EQ(first.entries.size(), 1u);
    EXPECT_EQ(second.seqs(), first.seqs());
}

// Every look at this clock takes 300 µs.
class Busy final : public Clock {
public:
    MonoTime mono() const override { return {at_ += 300'000}; }
    WallTime wall() const override { return {}; }

private:
    mutable std::int64_t at_ = 0;
};

TEST_F(DeliveryTest, TheTurnBudgetLeavesTheRestForTheNextTurn) {
    Busy busy;
    settings.turn_budget = microseconds(500);
    start();
    std::vector<Peer*> peers;
    for (int i = 0; i < 100; ++i) peers.push_back(&ws({.player = "p" + std::to_string(i)}));
    loop().post_publish(R"({"everyone":true,"type":"news"})", {}, now(), [](Answer) {});
    const auto served = [&] {
        return std::count_if(peers.begin(), peers.end(), [](const Peer* p) { return !p->entries.empty(); });
    };
    EXPECT_TRUE(loop().turn(busy)) << "it asks for another turn";
    const auto first = served();
    EXPECT_GT(first, 0);
    EXPECT_LT(first, 100);
    while (loop().turn(busy)) {}
    EXPECT_EQ(served(), 100);
    for (const Peer* peer : peers) EXPECT_EQ(peer->entries.size(), 1u);
}

TEST_F(DeliveryTest, WhoIsUpToDateWaitsForNoneOfThoseWhoCatchUp) {
    Busy busy;
    settings.turn_budget = microseconds(500);
    start();
    Peer& here = ws({.player = "here"});
    std::vector<Peer*> behind;
    for (int i = 0; i < 100; ++i) behind.push_back(&ws({.player = "p" + std::to_string(i)}));
    for (Peer* peer : behind) peer->room = 0;
    publish({{"everyone", true}, {"type", "missed"}});
    for (Peer* peer : behind) {
        peer->room.reset();
        loop().writable(peer->key, now());
    }
    loop().post_publish(R"({"everyone":true,"type":"news"})", {}, now(), [](Answer) {});
    EXPECT_TRUE(loop().turn(busy));
    EXPECT_EQ(here.entries.size(), 2u);
    const auto served = [&] {
        return std::count_if(behind.begin(), behind.end(), [](const Peer* p) { return p->entries.size() == 2; });
    };
    EXPECT_GT(served(), 0) << "but they get on";
    EXPECT_LT(served(), 50);
    while (loop().turn(busy)) {}
    EXPECT_EQ(served(), 100);
}

TEST_F(DeliveryTest, APublishedBurstReachesAPeerInOneWrite) {
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    json messages = json::array();
    for (int i = 0; i < 16; ++i) messages.push_back({{"channel", "room"}, {"type", "said"}, {"data", i}});
    const int before = peer.writes;
    publish({{"messages", messages}});
    EXPECT_EQ(peer.entries.size(), 16u);
    EXPECT_EQ(peer.writes, before + 1);
    EXPECT_EQ(peer.pieces_of_writes.back(), 1) << "frames of a batch lie side by side";
}

// A position list that forgets sooner than the journal lets go would lose retained entries.
TEST_F(DeliveryTest, AShortPositionMemoryNeverHidesWhatIsRetained) {
    settings.position_memory = 8;
    start();
    Peer& peer = ws({.client = "c"});
    const Seq from = subscribe(peer, "room");
    hang_up(peer);
    std::vector<Seq> said;
    for (int i = 0; i < 40; ++i) said.push_back(say("room"));
    Peer& back = ws({.client = "c", .cursor = id(from)});
    EXPECT_EQ(back.seqs(), said);
    EXPECT_EQ(back.last("welcome")["recovered"], true);
}

}  // namespace
}  // namespace mythos::hub::test
