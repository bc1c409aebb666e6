// Loops on threads of their own, and everything at once: connects, cuts, publishes, subscriptions, replaced sessions,
// new settings. For the thread sanitizer as much as for the result.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

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

TEST_F(HubTest, AStormOnSeveralLoopsKeepsEveryStreamInOrder) {
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
