// A whole hub under test: a node on a journal, its loops, and peers that play the sockets.
// Time stands still until a test moves it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/manual_clock.hpp"
#include "hub/loop_core.hpp"
#include "hub/node.hpp"
#include "hub/peer.hpp"
#include "journal/memory.hpp"

namespace mythos::hub::test {

using protocol::CloseCode;
using protocol::Mode;
using protocol::Wire;
using stats::Counter;

// How a peer connects.
struct Join {
    std::string player = "p1";
    std::string client;
    std::string session;
    std::optional<std::string> cursor;
    Mode mode = Mode::mirror;
    bool deflate = false;
    std::uint32_t loop = 0;
    std::optional<std::size_t> room;
    std::uint64_t attempt = 0;
};

class HubTest : public ::testing::Test {
protected:
    HubTest();
    ~HubTest() override;

    // On a memory journal of epoch `ep`, with `retention`.
    void start(std::uint32_t loops = 1);
    void start_on(std::unique_ptr<journal::Journal> kept, std::uint32_t loops = 1);
    // The process ends: loops, node and journal are gone.
    void stop();

    // Asks to be let in; `ws` and `sse` also take the turn in which that happens.
    Peer& open(Wire wire, Join join = {});
    Peer& ws(Join join = {});
    Peer& sse(Join join = {});
    // The socket is gone.
    void hang_up(Peer& peer);
    // The socket has room again: for so many bytes, or for all.
    void drain_socket(Peer& peer, std::optional<std::size_t> room = std::nullopt);

    // Turns until no loop has anything to do.
    void turn();
    // Moves the clock and takes turns; every peer gives a sign of life unless `silent`.
    void advance(Duration d, bool silent = false);

    // A WebSocket message from the peer; without a turn.
    void text(Peer& peer, const std::string& text);
    // A command; takes a turn, and gives the reply (null: none came).
    json command(Peer& peer, const std::string& id, const std::string& type, const json& data = json::object());
    // Subscribes and gives the position from which on it counts.
    Seq subscribe(Peer& peer, const std::string& channel, bool presence = false);
    Seq unsubscribe(Peer& peer, const std::string& channel);
    void ack(Peer& peer, Seq seq);

    // POST /api/publish, with a turn; the positions.
    std::vector<Seq> publish(const json& body);
    Seq say(const std::string& channel, const json& data = json::object(), const std::string& key = {});
    Answer post_publish(const std::string& body, const std::string& idempotency_key = {});
    Answer post_commands(const std::string& session, const std::string& client, const std::string& body,
                         std::uint32_t loop = 0);
    json new_session(const std::string& player);
    // Calls, takes a turn, and gives the answer.
    Answer answer_of(const std::function<void(LoopCore&, AnswerTo)>& ask, std::uint32_t loop = 0);

    LoopCore& core(const Peer& peer) { return *loops_[peer.loop]; }
    LoopCore& loop(std::uint32_t i = 0) { return *loops_[i]; }
    std::string id(Seq seq) const { return format_cursor(journal_->epoch(), seq); }
    std::uint64_t count(Counter counter) const { return node_->count(counter); }
    MonoTime now() const { return clock.mono(); }
    std::string session_of(const Peer& peer) const { return peer.admission->session_id; }

    ManualClock clock;
    Settings settings;
    journal::Retention retention;
    std::unique_ptr<journal::Journal> journal_;
    std::unique_ptr<Node> node_;
    std::vector<std::unique_ptr<LoopCore>> loops_;

private:
    std::vector<bool> woken_;
    std::vector<std::unique_ptr<Peer>> peers_;
    int next_command_ = 1'000'000;
};

}  // namespace mythos::hub::test
