// The oracle must accept what was right and object to each kind of wrong, by hand-made runs.
#include "sim/oracle.hpp"

#include <gtest/gtest.h>

namespace mythos::sim {
namespace {

constexpr const char* kEpoch = "e1";

Item control(std::uint64_t seq, ItemKind kind, Scope scope, std::string name, std::string head, std::string data) {
    Item item;
    item.seq = seq;
    item.kind = kind;
    item.scope = scope;
    item.name = std::move(name);
    item.session = "s1";
    item.head = std::move(head);
    item.data = std::move(data);
    return item;
}

Item message(std::uint64_t seq, Scope scope, std::string name, std::string marker, std::string key = {}) {
    Item item;
    item.seq = seq;
    item.scope = scope;
    item.name = std::move(name);
    item.head = R"("type":"chat.said")";
    item.data = R"({"m":")" + marker + R"("})";
    item.key = std::move(key);
    return item;
}

// Opened at 1, subscribed to `room` from 3 to 6; owed: 2 (everyone), 4 and 5 (the room), 8 (the player).
class OracleTest : public testing::Test {
protected:
    OracleTest() {
        history.begin(kEpoch, 1);
        const auto add = [&](Item item) { history.append(kEpoch, std::move(item)); };
        add(control(1, ItemKind::session_opened, Scope::player, "p1", "opened", "p1"));
        add(message(2, Scope::everyone, "", "m2"));
        add(control(3, ItemKind::subscribed, Scope::channel, "room", "subscribed", "p1"));
        add(message(4, Scope::channel, "room", "m4", "k"));
        add(message(5, Scope::channel, "room", "m5", "k"));
        add(control(6, ItemKind::unsubscribed, Scope::channel, "room", "unsubscribed", "p1"));
        add(message(7, Scope::channel, "room", "m7"));
        add(message(8, Scope::player, "p1", "m8"));
        client.name = "p1/1";
        client.player = "p1";
        client.connected = true;
        client.applied = at(8);
        client.events = {Joined{"s1", kEpoch, false}, Began{at(1)}};
    }

    static Position at(std::uint64_t seq) { return {kEpoch, seq}; }
    static WireEvent event(WireEvent::Kind kind, Position position) {
        WireEvent e;
        e.kind = kind;
        e.at = std::move(position);
        e.session = "s1";
        e.epoch = kEpoch;
        e.head_at_write = 8;
        return e;
    }
    void gives(std::initializer_list<std::uint64_t> seqs) {
        for (const auto seq : seqs) client.events.push_back(Applied{at(seq)});
    }
    std::size_t findings(Rules rules = {}) {
        Oracle oracle(history, contents, rules);
        oracle.check_history();
        oracle.check_contents();
        oracle.check_client(client);
        for (const auto& finding : oracle.findings()) last += finding + "\n";
        return oracle.findings().size();
    }

    History history;
    Contents contents;
    ClientTranscript client;
    std::string last;
};

TEST_F(OracleTest, WhatIsOwedFollowsFromTheHistory) {
    const Owed owed(history);
    ASSERT_NE(owed.session("s1"), nullptr);
    EXPECT_EQ(owed.session("s1")->owed, (std::vector<std::uint64_t>{2, 4, 5, 8}));
    EXPECT_TRUE(owed.has_newer_of_its_key(*owed.session("s1"), 4));
    EXPECT_FALSE(owed.has_newer_of_its_key(*owed.session("s1"), 5));
}

TEST_F(OracleTest, EverythingOnceInOrderIsRight) {
    gives({2, 4, 5, 8});
    EXPECT_EQ(findings(), 0u) << last;
}

TEST_F(OracleTest, AMissingEntryIsFound) {
    gives({2, 4, 8});
    EXPECT_EQ(findings(), 1u) << last;
}

TEST_F(OracleTest, AMissingEntryAtTheEndIsFound) {
    gives({2, 4, 5});
    EXPECT_EQ(findings(), 1u) << last;
}

TEST_F(OracleTest, ARepeatedOneAndOneOutOfOrderAreFound) {
    gives({2, 4, 4, 5, 8, 5});
    EXPECT_EQ(findings(), 2u) << last;
}

TEST_F(OracleTest, WhatWasSaidAfterTheUnsubscribeMayNotLeak) {
    gives({2, 4, 5, 7, 8});
    EXPECT_EQ(findings(), 1u) << last;
}

TEST_F(OracleTest, AGapMustTellTheExactNumber) {
    gives({2});
    client.events.push_back(ToldGap{{at(2), at(6), 2, 3, "retention"}, false});
    gives({8});
    EXPECT_EQ(findings(), 0u) << last;
    std::get<ToldGap>(client.events[3]).gap.lost = 3;
    EXPECT_EQ(findings(), 1u) << last;
    std::get<ToldGap>(client.events[3]).gap = {at(2), at(5), 1, 2, "retention"};
    EXPECT_EQ(findings(), 1u) << "entry 5 is neither given nor told";
}

TEST_F(OracleTest, ConflationMaySkipOnlyWhatHasANewerOne) {
    gives({2, 5, 8});
    EXPECT_EQ(findings({.conflate = true}), 0u) << last;
    EXPECT_EQ(findings({.conflate = false}), 1u);
    client.events = {Joined{"s1", kEpoch, false}, Began{at(1)}};
    gives({2, 8});
    EXPECT_GE(findings({.conflate = true}), 1u) << "the newest one of its key must come";
}

TEST_F(OracleTest, OtherBytesThanTheHistorysAreFound) {
    gives({2, 4, 5, 8});
    contents.saw(kEpoch, 2, R"({"id":"e1-2","type":"chat.said","ts":0.000,"data":{"m":"m2"}})");
    EXPECT_EQ(findings(), 0u) << last;
    contents.saw(kEpoch, 2, R"({"id":"e1-2","type":"chat.said","ts":0.000,"data":{"m":"xx"}})");
    EXPECT_EQ(findings(), 1u);
}

TEST_F(OracleTest, ACommandHasOneOutcomeAndItIsTrue) {
    gives({2, 4, 5, 8});
    using Outcome = CommandTranscript::Outcome;
    CommandTranscript command{CommandTranscript::Kind::publish, "c-1", "m4", {}, "s1", {}};
    command.outcomes = {Outcome{Outcome::Kind::ok, R"({"id":"e1-4"})", {}, kEpoch, "s1"}};
    client.commands = {command};
    EXPECT_EQ(findings(), 0u) << last;
    client.commands[0].outcomes[0].data = R"({"id":"e1-5"})";
    EXPECT_EQ(findings(), 1u) << "not its entry";
    client.commands[0].outcomes[0] = {Outcome::Kind::refused, {}, "limit", kEpoch, "s1"};
    EXPECT_EQ(findings(), 1u) << "refused, with an effect";
    client.commands[0].outcomes.clear();
    EXPECT_EQ(findings(), 1u) << "never told";
}

TEST_F(OracleTest, AWireMustBeCompleteFromItsBase) {
    gives({2, 4, 5, 8});
    WireTranscript wire;
    wire.events = {event(WireEvent::Kind::welcome, at(2)), event(WireEvent::Kind::entry, at(4)),
                   event(WireEvent::Kind::entry, at(5)), event(WireEvent::Kind::heartbeat, at(7))};
    client.wires = {wire};
    EXPECT_EQ(findings(), 0u) << last;
    client.wires[0].events[3].at = at(8);
    EXPECT_EQ(findings(), 1u) << "the heartbeat passes over 8";
    client.wires[0].events.erase(client.wires[0].events.begin() + 1);
    EXPECT_EQ(findings(), 2u) << "and 4 is missing";
    client.wires[0].events[1].head_at_write = 4;
    EXPECT_EQ(findings(), 3u) << "and 5 was written before it was committed";
}

TEST_F(OracleTest, OnAWireThatKeepsUpNothingMayBeConflated) {
    gives({2, 5, 8});
    WireTranscript wire;
    wire.events = {event(WireEvent::Kind::welcome, at(1)), event(WireEvent::Kind::entry, at(2)),
                   event(WireEvent::Kind::entry, at(5))};
    wire.events[0].head_at_write = 1;
    client.wires = {wire};
    const Rules rules{.conflate = true, .caught_up_at_once = true};
    EXPECT_EQ(findings(rules), 1u) << "4 is missing";
    client.wires[0].events[2].held_up = true;
    EXPECT_EQ(findings(rules), 0u) << last;
    client.wires[0].events[2].held_up = false;
    client.wires[0].events[0].head_at_write = 5;
    EXPECT_EQ(findings(rules), 0u) << "it was there already when the wire came";
}

TEST_F(OracleTest, TwoLivingSessionsOfAPlayerAreFound) {
    gives({2, 4, 5, 8});
    auto second = control(9, ItemKind::session_opened, Scope::player, "p1", "opened", "p1");
    second.session = "s2";
    history.append(kEpoch, second);
    EXPECT_EQ(findings(), 1u) << last;
}

}  // namespace
}  // namespace mythos::sim
