// A loop's turns: deadlines, settings that change, draining, several threads at once.
#include "hub/loop_core.hpp"

#include <algorithm>
#include <random>
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
    EXPECT_EQ(late.refusal->code, CloseCode::overloaded);
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

// One loop's thread: its own peers, its own dice.
class Actor {
public:
    Actor(LoopCore& loop, const Clock& clock, std::uint32_t seed) : loop_(loop), clock_(clock), dice_(seed) {}

    void step() {
        const std::uint32_t roll = dice_() % 100;
        if (roll < 25) {
            connect();
        } else if (roll < 40) {
            if (Peer* peer = any()) hang_up(*peer);
        } else if (roll < 70) {
            publish();
        } else if (roll < 85) {
            subscribe();
        } else if (roll < 95) {
            if (Peer* peer = any()) stall(*peer);
        } else if (roll < 98) {
            loop_.post_session(player(), clock_.mono(), [](const Answer&) {});
        } else {
            loop_.get_statistics(clock_.mono(), [](const Answer&) {});
        }
        loop_.turn(clock_);
    }

    void end() {
        for (const auto& peer : peers_)
            if (!peer->refusal && peer->key != 0) hang_up(*peer);
        while (loop_.turn(clock_)) {}
    }

    const std::vector<std::unique_ptr<Peer>>& peers() const { return peers_; }

private:
    std::string player() { return "p" + std::to_string(dice_() % 6); }
    Peer* any() {
        if (peers_.empty()) return nullptr;
        Peer* peer = peers_[dice_() % peers_.size()].get();
        return peer->key == 0 || peer->refusal ? nullptr : peer;
    }
    void connect() {
        ConnectRequest request;
        request.wire = dice_() % 2 ? Wire::sse : Wire::websocket;
        request.player_id = player();
        if (dice_() % 4) request.client_id = "c" + std::to_string(dice_() % 3);
        request.mode = dice_() % 3 ? Mode::mirror : Mode::standby;
        if (dice_() % 2) request.cursor = "ep-" + std::to_string(dice_() % 500);
        peers_.push_back(std::make_unique<Peer>(request.wire));
        peers_.back()->key = loop_.open(std::move(request), peers_.back().get(), clock_.mono());
    }
    void hang_up(Peer& peer) {
        loop_.gone(peer.key, clock_.mono());
        peer.key = 0;
    }
    void publish() {
        const std::string to = dice_() % 3 ? R"("channel":"room")" : R"("player":")" + player() + '"';
        std::string body = R"({"messages":[)";
        for (std::uint32_t i = dice_() % 8 + 1; i > 0; --i)
            body += "{" + to + R"(,"type":"t","key":"k)" + std::to_string(i % 3) + (i > 1 ? R"("},)" : R"("}]})");
        loop_.post_publish(body, {}, clock_.mono(), [](const Answer&) {});
    }
    void subscribe() {
        Peer* peer = any();
        if (peer == nullptr || peer->wire != Wire::websocket) return;
        const char* type = dice_() % 3 ? "subscribe" : "unsubscribe";
        loop_.received(peer->key,
                       R"({"id":"x-)" + std::to_string(++command_) + R"(","type":")" + type +
                           R"(","data":{"channel":"room","presence":true}})",
                       clock_.mono());
    }
    void stall(Peer& peer) {
        peer.room = dice_() % 2 ? std::optional<std::size_t>(dice_() % 400) : std::nullopt;
        loop_.writable(peer.key, clock_.mono());
    }

    LoopCore& loop_;
    const Clock& clock_;
    std::mt19937 dice_;
    std::vector<std::unique_ptr<Peer>> peers_;
    std::uint64_t command_ = 0;
};

// Connects, cuts, publishes, subscriptions, replaced sessions and new settings, all at once.
TEST_F(LoopCoreTest, AStormOnSeveralLoopsKeepsEveryStreamInOrder) {
    constexpr std::uint32_t kLoops = 4;
    constexpr int kSteps = 3'000;
    retention.entries = 200;
    settings.slow_reader = SlowReader::conflate;
    start(kLoops);
    for (std::uint32_t i = 0; i < kLoops; ++i) node_->set_wake(i, [] {});
    std::vector<Actor> actors;
    for (std::uint32_t i = 0; i < kLoops; ++i) actors.emplace_back(loop(i), clock, 17 * (i + 1));
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < kLoops; ++i) {
        threads.emplace_back([&, i] {
            for (int n = 0; n < kSteps; ++n) {
                actors[i].step();
                if (i != 0 || n % 500 != 499) continue;
                Settings changed = settings;
                changed.slow_reader = n % 1'000 == 999 ? SlowReader::conflate : SlowReader::gap;
                node_->reload(changed);
            }
        });
    }
    for (auto& thread : threads) thread.join();
    for (Actor& actor : actors) actor.end();
    turn();
    std::size_t entries = 0;
    for (const Actor& actor : actors) {
        for (const auto& peer : actor.peers()) {
            const auto seqs = peer->seqs();
            entries += seqs.size();
            // A wire that is promoted goes back to what its client acknowledged.
            if (peer->count("promoted") == 0) {
                EXPECT_TRUE(std::is_sorted(seqs.begin(), seqs.end(), std::less_equal<>()));
            }
        }
    }
    EXPECT_GT(entries, 1'000u);
    for (std::uint32_t i = 0; i < kLoops; ++i) EXPECT_EQ(loop(i).connections(), 0u);
}

}  // namespace
}  // namespace mythos::hub::test
