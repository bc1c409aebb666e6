// One loop's share of the server, without a socket: what the transport and the
// simulator drive.
//
// Inputs are collected while the loop handles its ready events; `turn()` ends the
// turn: queued operations run together under the sequencer's mutex, the journal is
// read forward once, and every connection that is owed something is flushed once.
//
// Thread-safety: everything is called on the loop's own thread. Callbacks run
// within `turn()`, except an answer that needs no order, which may come at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "hub/ending.hpp"
#include "hub/handlers.hpp"
#include "hub/outlet.hpp"
#include "stats/counters.hpp"
#include "stats/latencies.hpp"

namespace mythos::observe {
class ErrorRecorder;
}

namespace mythos::hub {

class Node;

// An HTTP answer in the making: status, JSON body, and headers beyond the usual.
struct Answer {
    int status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string error_code = {};  // of an error
};
using AnswerTo = std::function<void(Answer)>;

class LoopCore {
public:
    LoopCore(Node& node, std::uint32_t index);
    ~LoopCore();

    // A connection asks to be let in; `outlet` hears of it in a turn to come.
    ConnectionKey open(ConnectRequest request, Outlet* outlet, MonoTime now);

    // A text message from a WebSocket: one command or an array of them.
    void received(ConnectionKey key, std::string_view text, MonoTime now);

    // Bytes arrived: the peer lives. Call once a read, cheap.
    void heard(ConnectionKey key, MonoTime now);

    // WebSocket control frames from the peer. A pong's payload gives the round trip.
    void ping_received(ConnectionKey key, std::string_view payload, MonoTime now);
    void pong_received(ConnectionKey key, std::string_view payload, MonoTime now);

    // Close from this side, or in answer to the peer's close frame: the last frame is
    // queued behind what is already on its way, then Outlet::finish is called.
    void close(ConnectionKey key, protocol::CloseCode code, std::string_view reason, MonoTime now);
    void peer_closed(ConnectionKey key, std::uint16_t code, MonoTime now);

    void writable(ConnectionKey key, MonoTime now);

    // The socket is gone, for whatever reason, which is told as it is counted; none for one that was never let in. The
    // outlet may be destroyed afterwards.
    std::optional<Ending> gone(ConnectionKey key, MonoTime now);

    // The HTTP side. Bodies are checked here; each calls `answer` exactly once, in this
    // or a later turn, unless the node is destroyed first.
    // `player_id`: whose session it has to be (403 `foreign_session`); empty where nobody knows who asks. `trace_id`:
    // of the request, or empty.
    void post_commands(std::string session_id, std::string client_id, std::string body, MonoTime now, AnswerTo answer,
                       std::string player_id = {}, std::string trace_id = {});
    void post_publish(std::string body, std::string idempotency_key, MonoTime now, AnswerTo answer,
                      std::string trace_id = {});
    void post_session(std::string player_id, MonoTime now, AnswerTo answer);
    void post_disconnect(std::string body, MonoTime now, AnswerTo answer);
    void get_connections(std::string player_id, MonoTime now, AnswerTo answer);
    void get_statistics(MonoTime now, AnswerTo answer);
    void get_channels(MonoTime now, AnswerTo answer);
    void get_presence(std::string channel, MonoTime now, AnswerTo answer);
    void get_history(std::string channel, std::uint32_t limit, std::optional<std::string> before, MonoTime now,
                     AnswerTo answer);

    // Asks the application, by the way that commands take (handlers.hpp); `answer` is called in a turn to come. False:
    // its queue is full. `question` begins with `mythos.`, which no command of a client may.
    // Whether it answers such a question: Handlers::set_questions.
    bool answers(std::string_view question) const;
    bool ask(std::string question, std::string data, std::function<void(const HandlerAnswer&)> answer);

    // Ends the turn. True: there is more to do at once (the time budget ran out).
    // `clock` is looked at for the budget and for how long things took.
    bool turn(const Clock& clock);

    // When `turn` should be called even if nothing happens.
    MonoTime next_deadline() const;

    // Draining: `mythos.draining` to every connection with delays spread up to `spread`,
    // each closed with 1001 at its delay's end at the latest; new ones are refused.
    void drain(Duration spread, std::string_view reason, MonoTime now);

    std::size_t connections() const;

    // The last events of a connection that ends in another way than somebody wanted, as JSON for the log; before
    // `gone`.
    std::optional<std::string> events_of_abnormal_end(ConnectionKey key) const;

    // This loop's shards: the transport counts here what it refuses, and how long it took to let somebody in. What is
    // an error is recorded, which counts it.
    stats::CounterShard& counters();
    observe::ErrorRecorder& errors();
    stats::LatencyShards& latencies();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// An error body as every HTTP route answers it: `{"error":true,"error_type","message",
// "details":{"error_code",…},"timestamp"}`.
// `index`: which element of a batch, in `details.index`.
Answer error_answer(int status, std::string_view error_type, std::string_view error_code, std::string_view message,
                    WallTime now, std::optional<std::size_t> index = std::nullopt);

}  // namespace mythos::hub
