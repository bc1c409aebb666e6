// The account of each client: owed = written + told as gap + conflated + unsent, whatever happens to its wires.
#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

class AccountTest : public HubTest {
protected:
    struct Account {
        std::uint64_t owed, written, gap, conflated, unsent;
        bool operator==(const Account&) const = default;
        friend std::ostream& operator<<(std::ostream& out, const Account& a) {
            return out << a.owed << " = " << a.written << " + " << a.gap << " + " << a.conflated << " + " << a.unsent;
        }
    };
    // A client of whose wires the event stream stands still, and the WebSocket too where that is said; of ten messages
    // the retention has kept four.
    std::pair<Peer*, Peer*> two_wires_after_ten(bool both_stand_still) {
        settings.slow_reader = SlowReader::gap;
        retention.entries = 4;
        start();
        Peer& a = ws({.client = "c"});
        Peer& b = sse({.client = "c"});
        subscribe(a, "room");
        b.room = 0;
        if (both_stand_still) a.room = 0;
        for (int i = 0; i < 10; ++i) say("room");
        return {&a, &b};
    }
    // Ends the player's session and all its connections, and settles.
    Account settle(std::vector<Peer*> peers) {
        new_session("p1");
        for (Peer* peer : peers) hang_up(*peer);
        const json statistics = json::parse(
            answer_of([&](LoopCore& core, AnswerTo to) { core.get_statistics(now(), std::move(to)); }).body);
        return {statistics["closed_accounts"]["owed"], count(Counter::deliveries_written),
                count(Counter::deliveries_gap), count(Counter::deliveries_conflated),
                count(Counter::deliveries_unsent)};
    }
};

TEST_F(AccountTest, TwoLivingWiresWriteEachDeliveryOnce) {
    start(2);
    Peer& a = ws({.client = "c", .loop = 0});
    Peer& b = sse({.client = "c", .loop = 1});
    subscribe(a, "room");
    for (int i = 0; i < 7; ++i) {
        say("room");
        say("elsewhere");
    }
    EXPECT_EQ(count(Counter::writes_websocket), 7u);
    EXPECT_EQ(count(Counter::writes_sse), 7u);
    EXPECT_EQ(settle({&a, &b}), (Account{7, 7, 0, 0, 0}));
}

TEST_F(AccountTest, AWriteSucceedsWholeAndFailsWhereItsWireGoesWithinIt) {
    start();
    Peer& a = ws({.client = "c"});
    subscribe(a, "room");
    a.room = 5;
    say("room");
    EXPECT_EQ(count(Counter::writes_websocket), 0u);
    drain_socket(a);
    EXPECT_EQ(count(Counter::writes_websocket), 1u);
    a.room = 5;
    say("room");
    hang_up(a);
    EXPECT_EQ(count(Counter::writes_websocket), 1u);
    EXPECT_EQ(count(Counter::writes_failed_websocket), 1u);
    EXPECT_EQ(count(Counter::writes_failed_sse), 0u);
}

TEST_F(AccountTest, TheFasterWireCountsAndTheSlowerOneAddsNothing) {
    start();
    Peer& a = ws({.client = "c"});
    Peer& b = sse({.client = "c"});
    subscribe(a, "room");
    b.room = 0;
    for (int i = 0; i < 5; ++i) say("room");
    EXPECT_EQ(count(Counter::deliveries_written), 5u);
    drain_socket(b);
    EXPECT_EQ(b.entries.size(), 5u);
    EXPECT_EQ(settle({&a, &b}), (Account{5, 5, 0, 0, 0}));
}

TEST_F(AccountTest, WhatIsReplayedIsNotCountedTwice) {
    start();
    Peer& a = ws({.client = "c"});
    const Seq from = subscribe(a, "room");
    for (int i = 0; i < 5; ++i) say("room");
    hang_up(a);
    for (int i = 0; i < 3; ++i) say("room");
    Peer& back = ws({.client = "c", .cursor = id(from)});
    EXPECT_EQ(back.entries.size(), 8u);
    EXPECT_EQ(settle({&back}), (Account{8, 8, 0, 0, 0}));
}

TEST_F(AccountTest, WhatNobodyWroteIsUnsentAtTheEnd) {
    start();
    Peer& a = ws({.client = "c"});
    subscribe(a, "room");
    say("room");
    a.room = 0;
    say("room");
    say("room");
    EXPECT_EQ(settle({&a}), (Account{3, 1, 0, 0, 2}));
}

TEST_F(AccountTest, AGapIsCountedOnceForBothWires) {
    const auto [ws_peer, sse_peer] = two_wires_after_ten(true);
    Peer &a = *ws_peer, &b = *sse_peer;
    drain_socket(a);
    drain_socket(b);
    EXPECT_EQ(a.last("gap")["lost"], 6);
    EXPECT_EQ(b.last("gap")["lost"], 6);
    EXPECT_EQ(settle({&a, &b}), (Account{10, 4, 6, 0, 0}));
}

TEST_F(AccountTest, AGapOnOneWireThatTheOtherBroughtIsNoLoss) {
    const auto [ws_peer, sse_peer] = two_wires_after_ten(false);
    Peer &a = *ws_peer, &b = *sse_peer;
    drain_socket(b);
    EXPECT_EQ(b.last("gap")["lost"], 6);
    EXPECT_EQ(settle({&a, &b}), (Account{10, 10, 0, 0, 0}));
}

TEST_F(AccountTest, AGapToldToAResumingClientIsCounted) {
    retention.entries = 4;
    start();
    Peer& a = ws({.client = "c"});
    const Seq from = subscribe(a, "room");
    hang_up(a);
    for (int i = 0; i < 10; ++i) say("room");
    Peer& back = ws({.client = "c", .cursor = id(from)});
    EXPECT_EQ(back.last("gap")["lost"], 6);
    EXPECT_EQ(settle({&back}), (Account{10, 4, 6, 0, 0}));
}

TEST_F(AccountTest, WhoComesBackWithoutACursorLeavesTheRestUnsent) {
    start();
    Peer& a = ws({.client = "c"});
    subscribe(a, "room");
    hang_up(a);
    say("room");
    say("room");
    Peer& back = ws({.client = "c"});
    say("room");
    EXPECT_EQ(back.entries.size(), 1u);
    EXPECT_EQ(settle({&back}), (Account{3, 1, 0, 0, 2}));
}

TEST_F(AccountTest, ConflatedIsAnOutcomeOfItsOwn) {
    settings.slow_reader = SlowReader::conflate;
    start();
    Peer& a = ws({.client = "c"});
    subscribe(a, "room");
    a.room = 0;
    for (int i = 0; i < 5; ++i) say("room", i, "k");
    drain_socket(a);
    EXPECT_EQ(settle({&a}), (Account{5, 1, 0, 4, 0}));
}

TEST_F(AccountTest, APromotedStandbyContinuesTheAccount) {
    start();
    Peer& a = ws({.client = "c"});
    Peer& b = sse({.client = "c", .mode = Mode::standby});
    subscribe(a, "room");
    const Seq applied = say("room");
    say("room");
    ack(a, applied);
    a.room = 0;
    say("room");
    hang_up(a);
    say("room");
    EXPECT_EQ(b.entries.size(), 3u) << "replayed from the acknowledged one on";
    EXPECT_EQ(settle({&b}), (Account{4, 4, 0, 0, 0}));
}

TEST_F(AccountTest, EachTabIsOwedForItself) {
    start();
    Peer& a = ws({.client = "c"});
    Peer& b = ws({.client = "d"});
    Peer& nameless = ws({});
    subscribe(a, "room");
    say("room");
    hang_up(nameless);
    say("room");
    EXPECT_EQ(settle({&a, &b}), (Account{5, 5, 0, 0, 0}));
}

TEST_F(AccountTest, AnEndedSessionsUnsentRestIsThereWhenItsLastWireLetsGo) {
    start();
    Peer& a = ws({.client = "c"});
    subscribe(a, "room");
    a.room = 0;
    say("room");
    new_session("p1");
    say("room");
    EXPECT_EQ(count(Counter::deliveries_unsent), 0u) << "it may still be written";
    drain_socket(a);
    hang_up(a);
    EXPECT_EQ(count(Counter::deliveries_unsent), 0u);
    EXPECT_EQ(count(Counter::deliveries_written), 1u);
}

TEST_F(AccountTest, AGapThatTheOtherWireMightFillIsCountedWhenThatWireIsGone) {
    const auto [ws_peer, sse_peer] = two_wires_after_ten(true);
    Peer &a = *ws_peer, &b = *sse_peer;
    drain_socket(b);
    EXPECT_EQ(b.last("gap")["lost"], 6);
    EXPECT_EQ(count(Counter::deliveries_written), 4u);
    EXPECT_EQ(count(Counter::deliveries_gap), 0u) << "the WebSocket may yet bring it";
    hang_up(a);
    EXPECT_EQ(count(Counter::deliveries_gap), 6u);
    say("room");
    EXPECT_EQ(count(Counter::deliveries_written), 5u);
    EXPECT_EQ(settle({&b}), (Account{11, 5, 6, 0, 0}));
}

TEST_F(AccountTest, AGapThatIsOpenWhenItsWireGoesIsNotForgotten) {
    const auto [ws_peer, sse_peer] = two_wires_after_ten(true);
    Peer &a = *ws_peer, &b = *sse_peer;
    drain_socket(b);
    EXPECT_EQ(settle({&b, &a}), (Account{10, 4, 6, 0, 0}));
}

}  // namespace
}  // namespace mythos::hub::test
