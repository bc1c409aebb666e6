// Where a stream begins, what its welcome says, and the gap that follows where something is missing.
#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AttachTest : public HubTest {
protected:
    // A client that was in the room, left at `left`, and missed `missed`.
    void leave_and_miss(int how_many) {
        Peer& peer = ws({.client = "c"});
        subscribe(peer, "room");
        session = session_of(peer);
        before = say("room");
        hang_up(peer);
        for (int i = 0; i < how_many; ++i) missed.push_back(say("room"));
    }

    std::string session;
    Seq before = 0;
    std::vector<Seq> missed;
};

TEST_F(AttachTest, TheWelcomeComesFirstAndSaysWhereTheStreamBegins) {
    settings.heartbeat = milliseconds(12'000);
    settings.grace = seconds(40);
    start();
    say("elsewhere");
    Peer& peer = ws({.player = "p7", .client = "c-9"});
    ASSERT_EQ(peer.messages.size(), 1u);
    const json welcome = peer.last("welcome");
    EXPECT_EQ(welcome["player_id"], "p7");
    EXPECT_EQ(welcome["client_id"], "c-9");
    EXPECT_EQ(welcome["session_id"], peer.admission->session_id);
    EXPECT_EQ(welcome["connection_id"], peer.admission->connection_id);
    EXPECT_EQ(welcome["wire"], "websocket");
    EXPECT_EQ(welcome["mode"], "mirror");
    EXPECT_EQ(welcome["epoch"], "ep");
    EXPECT_EQ(welcome["recovered"], nullptr);
    EXPECT_EQ(welcome["replayed"], 0);
    EXPECT_EQ(welcome["heartbeat_ms"], 12'000);
    EXPECT_EQ(welcome["resume_window_s"], 40);
    EXPECT_EQ(welcome["head"], id(2)) << "said, opened";
    EXPECT_EQ(welcome["cursor"], id(2));
}

TEST_F(AttachTest, OnSseTheWelcomesIdIsItsCursorAndRetryRidesInItsBlock) {
    start();
    Peer& peer = sse();
    ASSERT_EQ(peer.sse_ids.size(), 1u);
    EXPECT_EQ(peer.sse_ids[0], peer.last("welcome")["cursor"]);
    ASSERT_TRUE(peer.retry_ms.has_value());
    EXPECT_EQ(peer.bytes.find("event:"), std::string::npos);
}

TEST_F(AttachTest, AResumeSendsWhatWasMissedAndSaysThatNothingIsMissing) {
    start();
    leave_and_miss(3);
    Peer& back = sse({.client = "c", .session = session, .cursor = id(before)});
    EXPECT_EQ(back.last("welcome")["recovered"], true);
    EXPECT_EQ(back.last("welcome")["replayed"], 3);
    EXPECT_EQ(back.last("welcome")["cursor"], id(before));
    EXPECT_EQ(back.seqs(), missed);
    EXPECT_EQ(back.count("gap"), 0u);
}

TEST_F(AttachTest, ACursorOlderThanTheRetentionGetsTheExactRange) {
    retention.entries = 4;
    start();
    leave_and_miss(10);
    say("elsewhere");
    for (const Wire wire : {Wire::websocket, Wire::sse}) {
        Peer& back = open(wire, {.client = "c", .session = session, .cursor = id(before)});
        turn();
        const Seq first = journal_->ring().first();
        ASSERT_EQ(back.messages.size(), 2u + 3u);
        EXPECT_EQ(back.last("welcome")["recovered"], false);
        EXPECT_EQ(back.last("welcome")["cursor"], id(before)) << "until the gap is told, the given cursor stands";
        const json gap = back.last("gap");
        EXPECT_EQ(back.messages[1]["type"], "mythos.gap");
        EXPECT_EQ(gap["after"], id(before));
        EXPECT_EQ(gap["before"], id(first));
        EXPECT_EQ(gap["lost"], 7);
        EXPECT_EQ(gap["at_most"], first - before - 1);
        EXPECT_EQ(gap["reason"], "retention");
        EXPECT_THAT(back.seqs(), ElementsAre(missed[7], missed[8], missed[9]));
        if (wire == Wire::sse) {
            EXPECT_EQ(back.sse_ids[0], id(before));
            EXPECT_EQ(back.sse_ids[1], id(first - 1)) << "a gap's id: from there the stream is complete";
        }
        hang_up(back);
    }
    EXPECT_EQ(count(Counter::gaps_retention), 2u);
}

TEST_F(AttachTest, WhatWasNotOwedIsNoGap) {
    retention.entries = 4;
    start();
    leave_and_miss(0);
    for (int i = 0; i < 20; ++i) say("elsewhere");
    Peer& back = ws({.client = "c", .session = session, .cursor = id(before)});
    EXPECT_EQ(back.last("welcome")["recovered"], true);
    EXPECT_EQ(back.count("gap"), 0u);
    const Seq next = say("room");
    EXPECT_THAT(back.seqs(), ElementsAre(next));
}

TEST_F(AttachTest, AForeignEpochAndACursorFromTheFutureAreToldWithoutNumbers) {
    start();
    leave_and_miss(1);
    const std::pair<std::string, std::string> cases[] = {{"other-3", "foreign_epoch"}, {id(1'000), "future_cursor"}};
    for (const auto& [cursor, reason] : cases) {
        Peer& back = ws({.client = "c", .session = session, .cursor = cursor});
        EXPECT_EQ(back.last("welcome")["recovered"], false);
        EXPECT_EQ(back.last("welcome")["cursor"], cursor);
        const json gap = back.last("gap");
        EXPECT_EQ(gap["after"], nullptr);
        EXPECT_EQ(gap["lost"], nullptr);
        EXPECT_EQ(gap["at_most"], nullptr);
        EXPECT_EQ(gap["before"], id(journal_->ring().head() + 1));
        EXPECT_EQ(gap["reason"], reason);
        EXPECT_THAT(back.seqs(), IsEmpty());
        hang_up(back);
    }
    EXPECT_EQ(count(Counter::gaps_foreign_epoch), 1u);
    EXPECT_EQ(count(Counter::gaps_future_cursor), 1u);
}

TEST_F(AttachTest, ACursorOfAnExpiredSessionIsToldSo) {
    start();
    leave_and_miss(2);
    advance(settings.grace + seconds(1));
    say("room");
    Peer& back = ws({.client = "c", .session = session, .cursor = id(before)});
    EXPECT_NE(session_of(back), session);
    const json gap = back.last("gap");
    EXPECT_EQ(gap["reason"], "session_expired");
    EXPECT_EQ(gap["after"], id(before));
    EXPECT_EQ(gap["lost"], nullptr);
    // Complete from the new session's opening on.
    const Seq opened = seq_of(back.last("welcome")["head"]);
    EXPECT_EQ(gap["before"], id(opened + 1));
    EXPECT_EQ(gap["at_most"], opened - before);
    EXPECT_EQ(back.last("welcome")["recovered"], false);
    EXPECT_THAT(back.seqs(), IsEmpty());
    EXPECT_EQ(count(Counter::gaps_session_expired), 1u);
}

TEST_F(AttachTest, ACursorBelowTheSessionsOpeningIsOfAnotherTime) {
    start();
    say("elsewhere");
    say("elsewhere");
    Peer& peer = ws({.client = "c"});
    Peer& other = ws({.client = "d", .session = session_of(peer), .cursor = id(1)});
    EXPECT_EQ(other.last("gap")["reason"], "session_expired");
    EXPECT_EQ(other.last("gap")["lost"], nullptr);
}

TEST_F(AttachTest, AWireWithoutACursorBeginsWhereItsClientsOtherWireStands) {
    start();
    Peer& slow = ws({.client = "c"});
    subscribe(slow, "room");
    slow.room = 0;
    std::vector<Seq> said;
    for (int i = 0; i < 5; ++i) said.push_back(say("room"));
    Peer& second = sse({.client = "c"});
    EXPECT_EQ(second.seqs(), said);
    EXPECT_EQ(second.last("welcome")["recovered"], nullptr);
    EXPECT_LT(seq_of(second.last("welcome")["cursor"]), said.front());
    // Another client begins at the head.
    Peer& tab = ws({.client = "d"});
    EXPECT_THAT(tab.seqs(), IsEmpty());
    EXPECT_EQ(tab.last("welcome")["cursor"], id(journal_->ring().head()));
}

TEST_F(AttachTest, AStandbyIsGrantedOnlyBesideAnActiveWireOfANamedClient) {
    start();
    Peer& nameless = sse({.player = "p2", .mode = Mode::standby});
    EXPECT_EQ(nameless.last("welcome")["mode"], "mirror");
    Peer& first = ws({.client = "c", .mode = Mode::standby});
    EXPECT_EQ(first.last("welcome")["mode"], "mirror") << "somebody has to be active";
    Peer& second = sse({.client = "c", .mode = Mode::standby});
    EXPECT_EQ(second.last("welcome")["mode"], "standby");
    EXPECT_EQ(second.last("welcome")["recovered"], nullptr);
    Peer& other = sse({.client = "d", .mode = Mode::standby});
    EXPECT_EQ(other.last("welcome")["mode"], "mirror") << "the active wire has to be of the same client";
}

TEST_F(AttachTest, AStandbyBeginsAtTheAcknowledgedCursorAndReplaysNothing) {
    retention.entries = 4;
    start();
    Peer& active = ws({.client = "c"});
    subscribe(active, "room");
    const Seq acked = say("room");
    ack(active, acked);
    for (int i = 0; i < 9; ++i) say("room");
    Peer& standby = sse({.client = "c", .mode = Mode::standby});
    EXPECT_EQ(standby.last("welcome")["cursor"], id(acked));
    EXPECT_EQ(standby.last("welcome")["head"], id(journal_->ring().head()));
    EXPECT_EQ(standby.last("welcome")["replayed"], 0);
    EXPECT_EQ(standby.messages.size(), 1u) << "neither gap nor entries";
    EXPECT_EQ(active.seqs().size(), 10u);
}

}  // namespace
}  // namespace mythos::hub::test
