// A loop's turns: deadlines, settings that change, draining, several threads at once.
#include "hub/loop_core.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

class LoopCoreTest : public HubTest {};

TEST_F(LoopCoreTest, ATurnWithNothingToDoAsksForNothing) {
    start();
    turn();
    EXPECT_FALSE(loop().turn(clock));
    EXPECT_GT(loop().next_deadline(), now());
}

TEST_F(LoopCoreTest, TheDeadlineIsNotLaterThanTheNextHeartbeat) {
    settings.heartbeat = milliseconds(100);
    start(2);
    ws({.loop = 1});
    EXPECT_LE(loop(1).next_deadline(), now() + milliseconds(100));
}

TEST_F(LoopCoreTest, NewSettingsHoldFromTheNextTurnOn) {
    start();
    Peer& old = ws({.client = "a"});
    Settings changed = settings;
    changed.connections_per_player = 1;
    node_->reload(changed);
    EXPECT_TRUE(ws({.client = "b"}).admission.has_value());
    EXPECT_EQ(old.close_code, 4003);
}

TEST_F(LoopCoreTest, DrainingTellsEveryoneSpreadsTheClosesAndLetsNobodyIn) {
    start();
    std::vector<Peer*> peers;
    for (int i = 0; i < 4; ++i)
        peers.push_back(i % 2 ? &ws({.player = "p" + std::to_string(i)}) : &sse({.player = "p" + std::to_string(i)}));
    loop().drain(seconds(4), "maintenance", now());
    turn();
    std::set<std::int64_t> delays;
    for (const Peer* peer : peers) {
        ASSERT_EQ(peer->count("draining"), 1u);
        EXPECT_EQ(peer->last("draining")["reason"], "maintenance");
        delays.insert(peer->last("draining")["reconnect_after_ms"].get<std::int64_t>());
    }
    EXPECT_EQ(delays.size(), 4u) << "spread";
    EXPECT_LE(*delays.rbegin(), 80) << "four need no four seconds";
    EXPECT_TRUE(node_->draining());
    Peer& late = ws({.player = "late"});
    ASSERT_TRUE(late.refusal.has_value());
    EXPECT_EQ(late.refusal->code, CloseCode::going_away);
    EXPECT_EQ(late.refusal->sse_status, 503);
    publish({{"everyone", true}, {"type", "t"}});
    advance(milliseconds(*delays.begin() + 1));
    const auto closed = [&] {
        return std::count_if(peers.begin(), peers.end(), [](auto* p) { return p->close_code == 1001; });
    };
    EXPECT_GT(closed(), 0);
    EXPECT_LT(closed(), 4);
    advance(milliseconds(80));
    EXPECT_EQ(closed(), 4);
    for (const Peer* peer : peers) EXPECT_EQ(peer->entries.size(), 1u) << "what was under way still came";
}

// Loops on threads of their own; one of them publishes. For the thread sanitizer as much as for the result.
TEST_F(LoopCoreTest, LoopsOnTheirOwnThreadsCarryTheSameStream) {
    constexpr int kLoops = 3, kMessages = 400;
    retention.entries = 100'000;
    start(kLoops);
    std::vector<Peer*> peers;
    for (std::uint32_t i = 0; i < kLoops; ++i) peers.push_back(&ws({.player = "p" + std::to_string(i), .loop = i}));
    for (Peer* peer : peers) subscribe(*peer, "room");
    for (int i = 0; i < kLoops; ++i) node_->set_wake(static_cast<std::uint32_t>(i), [] {});
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < kLoops; ++i) {
        threads.emplace_back([&, i] {
            for (int n = 0; n < kMessages; ++n) {
                loop(i).received(peers[i]->key, R"({"type":"publish","data":{"channel":"room","type":"t"}})", now());
                loop(i).turn(clock);
            }
            while (peers[i]->entries.size() < kLoops * kMessages) loop(i).turn(clock);
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(peers[0]->entries.size(), static_cast<std::size_t>(kLoops * kMessages));
    for (const Peer* peer : peers) EXPECT_EQ(peer->entries, peers[0]->entries);
}

}  // namespace
}  // namespace mythos::hub::test
