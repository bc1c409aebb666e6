// Commands on several loops, answered by several threads of the application, which goes away in the middle. For the
// thread sanitizer as much as for the result.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "hub/application.hpp"
#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

using Kind = HandlerAnswer::Kind;

constexpr std::uint32_t kLoops = 3;
constexpr int kCommands = 300;    // of each client
constexpr int kOutstanding = 40;  // of each client, so that no number is forgotten before its repeat comes
constexpr int kWorkers = 3;
constexpr std::size_t kClosedAfter = kLoops * kCommands * 2 / 3;  // calls

std::string command_text(int n) {
    return R"({"id":"c-)" + std::to_string(n) + R"(","type":"say","data":)" + std::to_string(n) + "}";
}

// What all threads know.
struct Shared {
    std::array<std::atomic<int>, kLoops> sent{};
    std::atomic<std::size_t> taken{0};
    std::atomic<bool> over{false};
    std::mutex mutex;
    std::map<std::string, int> executed;  // by session and id; with `mutex`
};

// A thread of the application: takes some, answers them in another order, some with an error, some as not executed.
class Worker {
public:
    Worker(Application application, Shared& shared, std::uint32_t seed)
        : application_(application), shared_(shared), dice_(seed) {}

    void run() {
        while (!shared_.over) {
            for (const SharedCall& call : application_.handlers().take(dice_() % 8 + 1)) {
                held_.push_back(answer_to(*call));
                if (shared_.taken++ == kClosedAfter) application_.handlers().close({"draining", "gone"});
            }
            std::shuffle(held_.begin(), held_.end(), dice_);
            const auto some =
                held_.begin() + static_cast<std::ptrdiff_t>(held_.empty() ? 0 : dice_() % held_.size() + 1);
            application_.handlers().answer(std::vector<HandlerAnswer>(held_.begin(), some));
            held_.erase(held_.begin(), some);
            std::this_thread::yield();
        }
    }

private:
    HandlerAnswer answer_to(const HandlerCall& call) {
        const std::uint32_t roll = dice_() % 10;
        if (roll == 0) return {.ticket = call.ticket, .kind = Kind::refused, .error = {"busy", "later"}};
        {
            const std::lock_guard lock(shared_.mutex);
            ++shared_.executed[call.session_id + call.command_id];
        }
        if (roll == 1) return {.ticket = call.ticket, .kind = Kind::failed, .error = {"no_way", "never"}};
        if (roll < 5) return {.ticket = call.ticket, .data = "0"};
        protocol::Publish message;
        message.name = "room";
        message.type = "said";
        message.data = call.data;
        const auto seqs = application_.publish({message});
        return {.ticket = call.ticket, .data = std::to_string(seqs ? seqs->front() : 0)};
    }

    Application application_;
    Shared& shared_;
    std::mt19937 dice_;
    std::vector<HandlerAnswer> held_;
};

class HandlersStressTest : public HubTest {
protected:
    // A loop's thread: its own client sends on a WebSocket, and another loop's client posts the same again here.
    void drive(std::uint32_t i) {
        Peer& peer = *peers_[i];
        for (int n = 1; n <= kCommands || !is_answered(i); std::this_thread::yield()) {
            if (n <= kCommands && n - answered(i) < kOutstanding) {
                loop(i).received(peer.key, command_text(n), now());
                shared_.sent[i] = n++;
                const std::uint32_t other = (i + 1) % kLoops;
                if (const int repeated = shared_.sent[other]; repeated > 0 && n % 3 == 0) repeat(i, other, repeated);
            }
            loop(i).turn(clock);
        }
    }
    void repeat(std::uint32_t i, std::uint32_t other, int n) {
        ++posts_[i];
        loop(i).post_commands(session_of(*peers_[other]), "c", command_text(n), now(),
                              [this, i](const Answer& answer) { posted_[i].push_back(answer.body); });
    }
    int answered(std::uint32_t i) {
        const auto& messages = peers_[i]->messages;
        for (; read_[i] < messages.size(); ++read_[i]) answered_[i] += messages[read_[i]]["type"] == "mythos.reply";
        return answered_[i];
    }
    // With the reply to its subscription.
    bool is_answered(std::uint32_t i) { return answered(i) == kCommands + 1 && posted_[i].size() == posts_[i]; }

    Shared shared_;
    std::vector<Peer*> peers_;
    std::array<std::size_t, kLoops> read_{};  // of its messages
    std::array<int, kLoops> answered_{};
    std::array<std::size_t, kLoops> posts_{};
    std::array<std::vector<std::string>, kLoops> posted_;
};

// What the handler published stands before its reply. The reply's data is the position. How many such replies there
// were.
std::size_t expect_entries_before_replies(const Peer& peer) {
    std::set<Seq> seen;
    std::size_t behind = 0;
    for (const json& message : peer.messages) {
        if (message.contains("id")) seen.insert(seq_of(message["id"]));
        const json data = message["type"] == "mythos.reply" ? message["data"].value("data", json()) : json();
        if (!data.is_number_unsigned() || data == 0) continue;
        EXPECT_TRUE(seen.contains(data.get<Seq>())) << message;
        ++behind;
    }
    return behind;
}

TEST_F(HandlersStressTest, EachCommandRunsOnceAtMostAndEachSenderIsAnsweredOnce) {
    retention.entries = 100'000;
    start(kLoops);
    Application(*node_).handlers().set_types({"say"});
    for (std::uint32_t i = 0; i < kLoops; ++i) {
        peers_.push_back(&ws({.player = "p" + std::to_string(i), .client = "c", .loop = i}));
        subscribe(*peers_[i], "room");
    }
    for (std::uint32_t i = 0; i < kLoops; ++i) node_->set_wake(i, [] {});
    std::vector<std::thread> workers, loops;
    for (std::uint32_t w = 0; w < kWorkers; ++w)
        workers.emplace_back([&, w] { Worker(Application(*node_), shared_, 23 * (w + 1)).run(); });
    for (std::uint32_t i = 0; i < kLoops; ++i) loops.emplace_back([&, i] { drive(i); });
    for (auto& thread : loops) thread.join();
    shared_.over = true;
    for (auto& thread : workers) thread.join();

    EXPECT_GT(shared_.taken.load(), kClosedAfter) << "it was closed";
    EXPECT_EQ(Application(*node_).handlers().unanswered(), 0u);
    for (const auto& [command, times] : shared_.executed) EXPECT_EQ(times, 1) << command;
    std::map<std::string, int> outcomes;
    std::size_t behind = 0;
    for (std::uint32_t i = 0; i < kLoops; ++i) {
        EXPECT_EQ(posted_[i].size(), posts_[i]);
        for (int n = 1; n <= kCommands; ++n) {
            const std::string id = "c-" + std::to_string(n);
            EXPECT_EQ(peers_[i]->replies(id), 1u) << id;
            const json reply = peers_[i]->reply(id);
            ++outcomes[reply["ok"] == true ? "ok" : reply["error"]["code"].get<std::string>()];
        }
        behind += expect_entries_before_replies(*peers_[i]);
    }
    EXPECT_GT(behind, 10u);
    EXPECT_GT(outcomes["ok"], 0);
    EXPECT_GT(outcomes["no_way"], 0);
    EXPECT_GT(outcomes["busy"], 0);
    EXPECT_GT(outcomes["unknown_command"], 0) << "those that came after the end";
}

}  // namespace
}  // namespace mythos::hub::test
