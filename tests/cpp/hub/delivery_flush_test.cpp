// Writing: short writes anywhere, full sockets, one shared frame for all, bounded replies, and the end of a stream.
#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FlushTest : public HubTest {
protected:
    struct Run {
        std::string bytes;  // behind the welcome
        std::vector<json> entries;
        std::size_t controls = 0;
    };

    // One stream: an entry, a control message behind it, and two entries more. The socket takes `first` bytes
    // at once and then `step` at a time.
    Run run(Wire wire, bool deflate, std::size_t first, std::size_t step) {
        stop();
        settings.deflate_min_bytes = 100;
        start();
        Peer& other = ws({.player = "p1"});
        subscribe(other, "room");
        Peer& peer = open(wire, {.deflate = deflate});
        turn();
        const std::size_t welcome = peer.bytes.size();
        peer.room = first;
        say("room", "the first");
        if (wire == Wire::websocket) {
            text(peer, R"({"id":"c-1","type":"ping"})");
        } else {
            loop().drain(seconds(60), "maintenance", now());
        }
        publish({{"messages", json::array({{{"channel", "room"}, {"type", "said"}, {"data", std::string(150, 'x')}},
                                           {{"channel", "room"}, {"type", "said"}, {"data", {{"n", 3}}}}})}});
        for (int guard = 0; peer.entries.size() < 3 && guard < 10'000; ++guard) drain_socket(peer, step);
        drain_socket(peer);
        return {peer.bytes.substr(welcome), peer.entries, peer.count("reply") + peer.count("draining")};
    }
};

TEST_F(FlushTest, ACutAtAnyByteChangesNothingOfWhatArrives) {
    std::vector<json> entries;
    for (const auto& [wire, deflate] :
         {std::pair(Wire::websocket, false), {Wire::websocket, true}, {Wire::sse, false}}) {
        const Run whole = run(wire, deflate, 1'000'000, 1'000'000);
        ASSERT_EQ(whole.entries.size(), 3u);
        EXPECT_EQ(whole.controls, 1u);
        if (entries.empty()) entries = whole.entries;
        EXPECT_EQ(whole.entries, entries) << "the same JSON on both wires";
        EXPECT_EQ(whole.bytes.find("xxxx") == std::string::npos, deflate);
        for (std::size_t first = 1; first <= whole.bytes.size(); ++first) {
            const Run cut = run(wire, deflate, first, 1'000'000);
            ASSERT_EQ(cut.bytes, whole.bytes)
                << to_string(wire) << (deflate ? " deflated" : "") << ", cut at " << first;
        }
        for (const std::size_t step : {1u, 2u, 3u, 64u})
            ASSERT_EQ(run(wire, deflate, 1, step).bytes, whole.bytes) << step;
    }
}

TEST_F(FlushTest, ABlockedStreamHoldsUpNobodyAndAsksOnceForRoom) {
    start();
    Peer& blocked = ws({.player = "p1"});
    Peer& free = ws({.player = "p2"});
    subscribe(blocked, "room");
    subscribe(free, "room");
    blocked.room = 10;
    std::vector<Seq> said;
    for (int i = 0; i < 50; ++i) said.push_back(say("room"));
    EXPECT_EQ(free.seqs(), said);
    EXPECT_THAT(blocked.seqs(), IsEmpty());
    EXPECT_EQ(blocked.awaits, 1);
    drain_socket(blocked);
    EXPECT_EQ(blocked.seqs(), said);
}

TEST_F(FlushTest, ADeadSocketIsDroppedAndWhatItGotIsResumedElsewhere) {
    start();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    const Seq first = say("room");
    peer.dead = true;
    const Seq second = say("room");
    EXPECT_TRUE(peer.aborted);
    EXPECT_FALSE(peer.finished);
    hang_up(peer);
    Peer& back = ws({.client = "c", .cursor = id(first)});
    EXPECT_THAT(back.seqs(), ElementsAre(second));
}

TEST_F(FlushTest, ADeflatedFrameIsBuiltOnceAndShared) {
    settings.deflate_min_bytes = 100;
    start(2);
    const json long_text = std::string(2'000, 'a');
    std::vector<Peer*> deflating;
    for (std::uint32_t i = 0; i < 4; ++i)
        deflating.push_back(&ws({.player = "p" + std::to_string(i), .deflate = true, .loop = i % 2}));
    Peer& plain = ws({.player = "plain"});
    publish({{"everyone", true}, {"type", "news"}, {"data", long_text}});
    publish({{"everyone", true}, {"type", "n"}});
    for (const Peer* peer : deflating) {
        EXPECT_EQ(peer->entries, plain.entries);
        EXPECT_LT(peer->bytes.size() + 1'500, plain.bytes.size());
        EXPECT_NE(peer->bytes.find(R"("type":"n")"), std::string::npos) << "a short message goes plain";
    }
}

TEST_F(FlushTest, ManyScatteredEntriesGoOutInSeveralWrites) {
    start();
    Peer& peer = ws();
    subscribe(peer, "room");
    peer.room = 0;
    std::vector<Seq> said;
    for (int i = 0; i < 400; ++i) {
        said.push_back(say("room"));
        say("elsewhere");
    }
    const int before = peer.writes;
    drain_socket(peer);
    EXPECT_EQ(peer.seqs(), said);
    EXPECT_GT(peer.writes, before + 1);
    for (const int pieces : peer.pieces_of_writes) EXPECT_LE(pieces, 1'024) << "IOV_MAX";
}

TEST_F(FlushTest, ACatchUpTakesTurnsWithTheOthers) {
    settings.catch_up_bytes = 4'096;
    start();
    Peer& behind = ws({.player = "p1", .client = "c"});
    const Seq from = subscribe(behind, "room");
    hang_up(behind);
    json messages = json::array();
    for (int i = 0; i < 200; ++i)
        messages.push_back({{"channel", "room"}, {"type", "said"}, {"data", std::string(200, 'y')}});
    const auto said = publish({{"messages", messages}});
    Peer& back = open(Wire::websocket, {.player = "p1", .client = "c", .cursor = id(from)});
    EXPECT_TRUE(loop().turn(clock)) << "more is left";
    EXPECT_LT(back.bytes.size(), 3u * 4'096u);
    EXPECT_GT(back.entries.size(), 0u);
    EXPECT_LT(back.entries.size(), 200u);
    turn();
    EXPECT_EQ(back.seqs(), said);
}

TEST_F(FlushTest, WhileRepliesPileUpNothingIsRead) {
    start();
    Peer& peer = ws();
    peer.room = 0;
    int sent = 0;
    while (!peer.reading_paused && sent < 100'000) {
        text(peer, R"({"id":"c-)" + std::to_string(++sent) + R"(","type":"ping"})");
        turn();
    }
    ASSERT_TRUE(peer.reading_paused);
    EXPECT_LT(sent, 2'000) << "bounded";
    EXPECT_EQ(peer.count("reply"), 0u);
    drain_socket(peer, 100);
    EXPECT_TRUE(peer.reading_paused) << "still nearly full";
    drain_socket(peer);
    EXPECT_FALSE(peer.reading_paused);
    EXPECT_EQ(peer.count("reply"), static_cast<std::size_t>(sent));
}

TEST_F(FlushTest, ACloseComesBehindTheFrameUnderWay) {
    start();
    Peer& peer = ws();
    peer.room = 20;
    publish({{"everyone", true}, {"type", "news"}});
    publish({{"everyone", true}, {"type", "news"}});
    loop().close(peer.key, CloseCode::policy, "enough", now());
    turn();
    EXPECT_FALSE(peer.finished);
    drain_socket(peer);
    EXPECT_EQ(peer.entries.size(), 1u) << "the one that was under way";
    EXPECT_EQ(peer.close_code, 1008);
    EXPECT_EQ(peer.close_reason, "enough");
    EXPECT_TRUE(peer.finished);
}

TEST_F(FlushTest, AReplacedSessionsStreamIsCompletedBeforeItIsClosed) {
    start();
    Peer& w = ws({.client = "c"});
    Peer& s = sse({.client = "c"});
    subscribe(w, "room");
    w.room = s.room = 5;
    const Seq owed = say("room");
    const Seq owed_too = say("room");
    new_session("p1");
    say("room");
    drain_socket(w);
    drain_socket(s);
    for (const Peer* peer : {&w, &s}) {
        EXPECT_THAT(peer->seqs(), ElementsAre(owed, owed_too));
        EXPECT_EQ(peer->close_code, 4001);
        EXPECT_TRUE(peer->finished);
    }
    EXPECT_EQ(s.messages.back()["type"], "mythos.closed");
    EXPECT_EQ(s.retry_ms, 3'600'000u);
}

TEST_F(FlushTest, OnSseEveryControlMessagesIdIsWhereTheStreamIsComplete) {
    start();
    Peer& helper = ws({.client = "c"});
    subscribe(helper, "room");
    Peer& peer = sse({.client = "d"});
    const Seq seq = say("room");
    say("elsewhere");
    advance(settings.heartbeat);
    ASSERT_EQ(peer.count("heartbeat"), 1u);
    EXPECT_EQ(peer.sse_ids.back(), id(seq + 1));
    EXPECT_EQ(peer.last("heartbeat")["cursor"], id(seq + 1));
    loop().close(peer.key, CloseCode::policy, "enough", now());
    turn();
    EXPECT_EQ(peer.sse_ids.back(), id(seq + 1));
    EXPECT_NE(peer.retry_ms, 3'600'000u) << "it may come back";
}

}  // namespace
}  // namespace mythos::hub::test
