// A reader that leaves the retention: sent away, told the exact range, or given only the newest.
#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SlowReaderTest : public HubTest {
protected:
    // A peer in the room whose socket takes nothing while `how_many` are said, the retention being 8 entries.
    Peer& fall_behind(SlowReader policy, int how_many) {
        settings.slow_reader = policy;
        retention.entries = 8;
        start();
        Peer& peer = ws({.client = "c"});
        subscribe(peer, "room");
        peer.room = 0;
        for (int i = 0; i < how_many; ++i) said.push_back(say("room", i, "k" + std::to_string(i % 2)));
        return peer;
    }
    std::vector<Seq> said;
};

TEST_F(SlowReaderTest, WithinTheRetentionEverythingComes) {
    Peer& peer = fall_behind(SlowReader::disconnect, 8);
    drain_socket(peer);
    EXPECT_EQ(peer.seqs(), said);
    EXPECT_FALSE(peer.close_code.has_value());
}

TEST_F(SlowReaderTest, ConflationBegunWhileItRunsCoversWhatIsRetained) {
    Peer& peer = fall_behind(SlowReader::gap, 4);
    settings.slow_reader = SlowReader::conflate;
    node_->reload(settings);
    said.push_back(say("room", 4, "k0"));
    drain_socket(peer);
    EXPECT_THAT(peer.seqs(), ElementsAre(said[3], said[4])) << "the newest of each key";
    settings.slow_reader = SlowReader::gap;
    node_->reload(settings);
    peer.room = 0;
    const Seq one = say("room", 5, "k0"), two = say("room", 6, "k0");
    drain_socket(peer);
    EXPECT_THAT(peer.seqs(), ElementsAre(said[3], said[4], one, two));
}

TEST_F(SlowReaderTest, DisconnectClosesWith4005) {
    Peer& peer = fall_behind(SlowReader::disconnect, 20);
    drain_socket(peer);
    EXPECT_EQ(peer.close_code, 4005);
    EXPECT_TRUE(peer.finished);
    EXPECT_THAT(peer.seqs(), IsEmpty());
    EXPECT_EQ(count(Counter::slow_disconnects), 1u);
    hang_up(peer);
    EXPECT_EQ(count(Counter::closed_websocket_too_slow), 1u);
}

TEST_F(SlowReaderTest, WhoComesBackAfter4005IsToldTheRange) {
    Peer& peer = fall_behind(SlowReader::disconnect, 20);
    drain_socket(peer);
    hang_up(peer);
    Peer& back = ws({.client = "c", .cursor = id(said[0] - 1)});
    const json gap = back.last("gap");
    EXPECT_EQ(gap["lost"], 12);
    EXPECT_EQ(gap["after"], id(said[0] - 1));
    EXPECT_EQ(gap["before"], id(said[12]));
    EXPECT_EQ(gap["at_most"], 12);
    EXPECT_EQ(back.seqs(), std::vector<Seq>(said.begin() + 12, said.end()));
    EXPECT_FALSE(back.close_code.has_value());
}

TEST_F(SlowReaderTest, GapTellsTheRangeAndGoesOn) {
    Peer& peer = fall_behind(SlowReader::gap, 20);
    const Seq next = say("elsewhere");
    drain_socket(peer);
    const json gap = peer.last("gap");
    EXPECT_EQ(gap["after"], id(said[0] - 1));
    EXPECT_EQ(gap["before"], id(said[13])) << "8 are retained, one of them elsewhere";
    EXPECT_EQ(gap["lost"], 13);
    EXPECT_EQ(gap["at_most"], 13);
    EXPECT_EQ(gap["reason"], "retention");
    EXPECT_EQ(peer.seqs(), std::vector<Seq>(said.begin() + 13, said.end()));
    EXPECT_FALSE(peer.close_code.has_value());
    const Seq live = say("room");
    EXPECT_EQ(peer.seqs().back(), live);
    EXPECT_EQ(next + 1, live);
}

TEST_F(SlowReaderTest, AtMostCountsPositionsAndLostOnlyWhatWasOwed) {
    settings.slow_reader = SlowReader::gap;
    retention.entries = 4;
    start();
    Peer& peer = ws();
    const Seq joined = subscribe(peer, "room");
    peer.room = 0;
    for (int i = 0; i < 10; ++i) {
        say("room");
        say("elsewhere");
    }
    drain_socket(peer);
    // Positions joined+1 … joined+20, of which the last four are retained.
    EXPECT_EQ(peer.last("gap")["after"], id(joined));
    EXPECT_EQ(peer.last("gap")["before"], id(joined + 17));
    EXPECT_EQ(peer.last("gap")["at_most"], 16);
    EXPECT_EQ(peer.last("gap")["lost"], 8);
    EXPECT_THAT(peer.seqs(), ElementsAre(joined + 17, joined + 19));
}

TEST_F(SlowReaderTest, WhatWasUnsubscribedMeanwhileIsCountedByItsInterval) {
    settings.slow_reader = SlowReader::gap;
    retention.entries = 4;
    start();
    Peer& peer = ws();
    const Seq joined = subscribe(peer, "room");
    peer.room = 0;
    for (int i = 0; i < 3; ++i) say("room");
    text(peer, R"({"id":"c-1","type":"unsubscribe","data":{"channel":"room"}})");
    turn();
    for (int i = 0; i < 10; ++i) say("room");
    drain_socket(peer);
    EXPECT_EQ(peer.last("gap")["lost"], 3);
    EXPECT_EQ(peer.last("gap")["after"], id(joined));
    EXPECT_THAT(peer.seqs(), IsEmpty());
}

TEST_F(SlowReaderTest, AReaderThatIsOwedNothingOfWhatIsGoneIsLeftAlone) {
    settings.slow_reader = SlowReader::disconnect;
    retention.entries = 4;
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    peer.room = 0;
    text(peer, R"({"id":"c-1","type":"ping"})");
    turn();
    for (int i = 0; i < 20; ++i) say("elsewhere");
    const Seq owed = say("room");
    drain_socket(peer);
    EXPECT_THAT(peer.seqs(), ElementsAre(owed));
    EXPECT_EQ(peer.count("gap"), 0u);
    EXPECT_FALSE(peer.close_code.has_value());
}

TEST_F(SlowReaderTest, ConflateGivesOnlyTheNewestOfEachKeyOfWhatIsRetained) {
    Peer& peer = fall_behind(SlowReader::conflate, 6);
    const Seq keyless = say("room");
    drain_socket(peer);
    EXPECT_THAT(peer.seqs(), ElementsAre(said[4], said[5], keyless));
    EXPECT_EQ(peer.count("gap"), 0u) << "conflated is not lost";
    EXPECT_EQ(count(Counter::deliveries_conflated), 4u);
}

TEST_F(SlowReaderTest, ConflateLooksOnlyAtTheSameTarget) {
    settings.slow_reader = SlowReader::conflate;
    start();
    Peer& peer = ws();
    subscribe(peer, "a");
    subscribe(peer, "b");
    peer.room = 0;
    const Seq in_a = say("a", 1, "k");
    const Seq in_b = say("b", 2, "k");
    drain_socket(peer);
    EXPECT_THAT(peer.seqs(), ElementsAre(in_a, in_b));
}

TEST_F(SlowReaderTest, ConflateNeverSkipsInFavourOfWhatIsNotOwed) {
    settings.slow_reader = SlowReader::conflate;
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    peer.room = 0;
    const Seq last_owed = say("room", 1, "k");
    text(peer, R"({"id":"c-1","type":"unsubscribe","data":{"channel":"room"}})");
    turn();
    say("room", 2, "k");
    drain_socket(peer);
    EXPECT_THAT(peer.seqs(), ElementsAre(last_owed));
}

TEST_F(SlowReaderTest, AReaderThatIsNotBehindGetsEveryKeyedEntry) {
    settings.slow_reader = SlowReader::conflate;
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    json messages = json::array();
    for (int i = 0; i < 3; ++i) messages.push_back({{"channel", "room"}, {"type", "said"}, {"key", "k"}});
    const auto burst = publish({{"messages", messages}});
    EXPECT_EQ(peer.seqs(), burst);
}

TEST_F(SlowReaderTest, AResumingReaderIsConflatedToo) {
    settings.slow_reader = SlowReader::conflate;
    start();
    Peer& peer = ws({.client = "c"});
    const Seq joined = subscribe(peer, "room");
    hang_up(peer);
    say("room", 1, "k");
    say("room", 2, "k");
    const Seq newest = say("room", 3, "k");
    Peer& back = ws({.client = "c", .cursor = id(joined)});
    EXPECT_THAT(back.seqs(), ElementsAre(newest));
    EXPECT_EQ(back.last("welcome")["recovered"], true);
}

}  // namespace
}  // namespace mythos::hub::test
