// A process that ends and begins again on the same journal: sessions, subscriptions, outcomes and keys are there.
#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"
#include "hub/late_journal.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RestoreTest : public HubTest, public ::testing::WithParamInterface<std::size_t> {
protected:
    // The parameter: a checkpoint every so many appends; 0: none, so that everything comes from the records.
    void begin() { boot(); }
    void restart() {
        stop();
        boot();
    }
    void boot() {
        auto late = std::make_unique<LateJournal>(disk, retention, GetParam());
        late_ = late.get();
        start_on(std::move(late), 2);
    }
    LateJournal::Disk disk;
    LateJournal* late_ = nullptr;
};

TEST_P(RestoreTest, AClientResumesWhereItWas) {
    begin();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    subscribe(peer, "left");
    const Seq inside = say("left");
    unsubscribe(peer, "left");
    say("left");
    const std::string session = session_of(peer);
    const Seq applied = say("room");
    const Seq missed = say("room");
    restart();
    const Seq after = say("room");
    Peer& back = ws({.client = "c", .session = session, .cursor = id(inside - 1), .loop = 1});
    EXPECT_EQ(session_of(back), session);
    EXPECT_EQ(back.last("welcome")["recovered"], true);
    EXPECT_THAT(back.seqs(), ElementsAre(inside, applied, missed, after));
    const Seq live = say("room");
    EXPECT_EQ(back.seqs().back(), live);
}

TEST_P(RestoreTest, WhatWasNotCommittedNeverHappened) {
    begin();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    const std::string session = session_of(peer);
    const Seq last = say("room");
    late_->at_once = false;
    const json lost = command(peer, "c-1", "publish", {{"channel", "room"}, {"type", "t"}, {"data", "lost"}});
    EXPECT_TRUE(lost.is_null()) << "not answered before its commit";
    restart();
    Peer& back = ws({.client = "c", .session = session, .cursor = id(last)});
    EXPECT_THAT(back.seqs(), IsEmpty());
    const json again = command(back, "c-1", "publish", {{"channel", "room"}, {"type", "t"}, {"data", "lost"}});
    EXPECT_EQ(again["ok"], true);
    EXPECT_THAT(back.seqs(), ElementsAre(last + 1));
}

TEST_P(RestoreTest, ACommandExecutedBeforeIsNotExecutedAgain) {
    begin();
    Peer& peer = ws({.client = "c"});
    const std::string session = session_of(peer);
    const json subscribed = command(peer, "c-1", "subscribe", {{"channels", {"room", "hall"}}, {"presence", true}});
    const json published = command(peer, "c-2", "publish", {{"channel", "room"}, {"type", "t"}});
    restart();
    Peer& back = ws({.client = "c", .session = session, .cursor = id(journal_->ring().head())});
    EXPECT_EQ(command(back, "c-1", "subscribe", {{"channels", {"room", "hall"}}, {"presence", true}}), subscribed);
    EXPECT_EQ(command(back, "c-2", "publish", {{"channel", "room"}, {"type", "t"}}), published);
    EXPECT_EQ(command(back, "c-2", "publish", {{"channel", "room"}, {"type", "u"}})["error"]["code"], "id_conflict");
    EXPECT_THAT(back.seqs(), IsEmpty());
}

TEST_P(RestoreTest, AnIdempotencyKeyIsRemembered) {
    begin();
    const std::string body = R"({"messages":[{"channel":"a","type":"t"},{"channel":"b","type":"t"}]})";
    const std::string answer = post_publish(body, "k-1").body;
    restart();
    EXPECT_EQ(post_publish(body, "k-1").body, answer);
    EXPECT_EQ(post_publish(R"({"channel":"a","type":"t"})", "k-1").status, 409);
}

TEST_P(RestoreTest, ReplacedAndEndedSessionsStayThat) {
    begin();
    Peer& first = ws({.player = "p1"});
    Peer& gone = ws({.player = "p2"});
    const std::string replaced = session_of(first), expired = session_of(gone);
    const json made = new_session("p1");
    hang_up(gone);
    Peer& joined = ws({.player = "p1"});
    advance(settings.grace + seconds(1));
    EXPECT_EQ(session_of(joined), made["session_id"]);
    const json fresh = new_session("p1");
    restart();
    EXPECT_EQ(ws({.player = "p1", .session = replaced}).refusal->code, CloseCode::session_replaced);
    EXPECT_EQ(post_commands(made["session_id"], "c", R"({"id":"c-1","type":"ping"})").status, 409);
    EXPECT_EQ(session_of(ws({.player = "p1"})), fresh["session_id"]);
    EXPECT_NE(session_of(ws({.player = "p2", .session = expired})), expired);
}

TEST_P(RestoreTest, SessionsGetTheirGraceAnew) {
    begin();
    const std::string session = session_of(ws({.client = "c"}));
    restart();
    advance(settings.grace - seconds(1));
    EXPECT_EQ(post_commands(session, "c", R"({"id":"c-1","type":"ping"})").status, 200);
    advance(seconds(2));
    EXPECT_EQ(post_commands(session, "c", R"({"id":"c-1","type":"ping"})").status, 410);
}

TEST_P(RestoreTest, PresenceAndItsListenersAreThere) {
    begin();
    Peer& watcher = ws({.player = "w", .client = "c"});
    subscribe(watcher, "room", true);
    const std::string session = session_of(watcher);
    clock.advance(seconds(3));
    restart();
    Peer& back = ws({.player = "w", .client = "c", .session = session});
    Peer& guest = ws({.player = "g"});
    subscribe(guest, "room");
    ASSERT_EQ(back.entries.size(), 1u);
    EXPECT_EQ(back.entries[0]["type"], "presence.joined");
    const json body = json::parse(
        answer_of([&](LoopCore& core, AnswerTo to) { core.get_presence("room", now(), std::move(to)); }).body);
    ASSERT_EQ(body["members"].size(), 2u);
    for (const auto& member : body["members"])
        EXPECT_EQ(member["since"],
                  member["player_id"] == "w" ? "2025-11-24T16:00:00.000000Z" : "2025-11-24T16:00:03.000000Z");
}

TEST_P(RestoreTest, ASecondRestartFindsTheSame) {
    begin();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    const std::string session = session_of(peer);
    const Seq first = say("room");
    restart();
    const Seq second = say("room");
    restart();
    Peer& back = ws({.client = "c", .session = session, .cursor = id(first - 1)});
    EXPECT_THAT(back.seqs(), ElementsAre(first, second));
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, RestoreTest, ::testing::Values(0, 1, 2, 3, 7),
                         [](const auto& info) { return "Every" + std::to_string(info.param); });

class CutRestoreTest : public RestoreTest {};

// The records that made the session and its subscription have left the retention: the checkpoint has them.
TEST_P(CutRestoreTest, WhatLeftTheRetentionIsInTheCheckpoint) {
    begin();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    const std::string session = session_of(peer);
    const json reply = command(peer, "c-1", "publish", {{"channel", "room"}, {"type", "t"}});
    std::vector<Seq> said;
    for (int i = 0; i < 10; ++i) said.push_back(say("room"));
    ASSERT_GE(disk.checkpoint_at, said[4]);
    stop();
    disk.records.erase(disk.records.begin(), disk.records.end() - 6);
    boot();
    Peer& back = ws({.client = "c", .session = session, .cursor = id(said[0])});
    const json gap = back.last("gap");
    EXPECT_EQ(back.last("welcome")["recovered"], false);
    EXPECT_EQ(gap["after"], id(said[0]));
    EXPECT_EQ(gap["before"], id(said[4]));
    EXPECT_EQ(gap["lost"], nullptr) << "the server cannot know: its counts begin at what it retained";
    EXPECT_EQ(gap["at_most"], 3);
    EXPECT_EQ(back.seqs(), std::vector<Seq>(said.begin() + 4, said.end()));
    EXPECT_EQ(command(back, "c-1", "publish", {{"channel", "room"}, {"type", "t"}}), reply);
    EXPECT_EQ(seq_of(command(back, "c-2", "publish", {{"channel", "room"}, {"type", "t"}})["data"]["id"]),
              said.back() + 1)
        << "a seq is never used twice";
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, CutRestoreTest, ::testing::Values(1, 3));

}  // namespace
}  // namespace mythos::hub::test
