// What a WebSocket and an event stream have in common: a socket on one side, LoopCore on the other.
//
// Life: opening (asked to be let in; nothing is read) -> open -> leaving (the hub has said its last word, or the socket
// is dead; `LoopCore::gone` follows from the loop) -> retired. The response head waits for the hub's first write
// and goes out with it. Idle, a connection owns a socket and no buffer.
//
// Thread-safety: the loop's own thread. Ownership: the loop's; the hub refers to it until `gone`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/loop_core.hpp"
#include "hub/outlet.hpp"
#include "observe/error_tracker.hpp"
#include "protocol/ws_message.hpp"
#include "stats/counters.hpp"
#include "transport/event_loop.hpp"
#include "transport/http_connection.hpp"
#include "transport/http_message.hpp"

namespace mythos::transport {

// What the connections of a loop share; outlives them.
struct StreamContext {
    EventLoop& loop;
    hub::LoopCore& core;
    stats::CounterShard& counters;
    observe::ErrorRecorder& errors;
    observe::Log& log;
    protocol::WsReceiverConfig receiver;
};

// What a connection holds only until it is let in.
struct Opening {
    std::string head;  // the 101 or 200
    HttpHeaders cors;  // for an answer instead of it
    std::string player_id;
    std::string trace_id;                        // empty: the client named none
    std::unique_ptr<hub::ConnectRequest> asked;  // for the log, where attempts are told
    MonoTime began{};
    bool admitted = false;
};

class StreamConnection : public Watcher, public hub::Outlet {
public:
    void ready(std::uint32_t events) final;
    void resume() final;
    void failed() final;
    void last_word() final;

    void attempted(std::size_t existing, std::string_view connection_id) final;
    void admitted(const hub::Admission& admission) final;
    void delivered(const hub::DeliveryReport& report) final;
    void refused(const hub::Refusal& refusal) final;
    std::int64_t write(const iovec* pieces, int count) final;
    void await_writable() final { awaits_room_ = true; }
    void pause_reading(bool paused) final;
    void finish() final;
    void abort() final;
    std::optional<KernelAck> kernel_ack() const final;
    Names names() const final;
    // Why the connection ends, for the log; the first to say so is right.
    void closing(protocol::CloseCode code, std::string_view reason) override;

protected:
    StreamConnection(StreamContext& context, HttpConnection::Taken taken, Opening opening);

    // Registers the connection and asks the hub to let it in.
    static void enter(std::unique_ptr<StreamConnection> connection, hub::ConnectRequest request);

    // Handles bytes from the peer, unless `may_take` becomes false; what was not looked at is given to `hold`.
    virtual void take(std::span<char> bytes) = 0;
    virtual protocol::Wire wire() const = 0;
    // The bytes that answer a refusal after which the socket is closed.
    virtual std::string refusal_answer(const hub::Refusal& refusal, const Opening& opening) const = 0;
    // Whether the peer may end its half of the connection and still be owed an answer.
    virtual bool awaits_farewell() const { return false; }

    bool may_take() const { return state_ == State::open && !paused_; }
    void hold(std::span<const char> bytes);
    // The peer is gone or has misbehaved: nothing more to say.
    void lose();

    StreamContext& context_;
    hub::ConnectionKey key_ = 0;

private:
    enum class State : std::uint8_t { opening, open, leaving };

    void read();
    void take_held();
    void log_connected(const hub::Admission& admission, Duration took) const;
    // Over and gone: the hub is told, and the log.
    void leave();
    // What every line of a connection that was let in has.
    std::vector<observe::Field> name_fields() const;
    std::int64_t write_with_head(const iovec* pieces, int count);

    struct Ending {
        protocol::CloseCode code;
        std::string reason;
    };

    std::unique_ptr<Opening> opening_;  // until the head is written
    // Player, session, connection and trace, each ended by NUL: one small block a connection.
    std::unique_ptr<char[]> names_;
    std::unique_ptr<Ending> ending_;
    MonoTime admitted_at_{};
    std::unique_ptr<std::string> held_;  // received and not looked at yet
    State state_ = State::opening;
    bool paused_ = false;
    bool awaits_room_ = false;
    bool input_ended_ = false;
};

// A try to open a stream, as its line in the log tells it; what is empty or 0 is left out.
struct Attempt {
    protocol::Wire wire;
    std::string_view player_id;
    std::string_view session_id{};
    std::string_view connection_id{};
    std::string_view client_id{};
    std::optional<std::size_t> existing{};  // the player's connections; not known where nobody looked
    std::uint64_t number = 0;
    std::string_view remote{};
    std::string_view trace_id{};
};
void write_attempt(observe::Log& log, const Attempt& attempt);

// The answer to a refusal in HTTP's words.
HttpResponse refusal_response(const hub::Refusal& refusal, int status, HttpHeaders cors, WallTime now);

}  // namespace mythos::transport
