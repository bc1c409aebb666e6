// The client of the `mythos.v1` protocol as a state machine without I/O: two wires
// in, one ordered stream out (docs/reference/protocol.md).
//
// It decides when to open, close, resume and promote, which entries the application
// sees, which gaps it is told, which commands are sent where and again, and when to
// acknowledge. It opens no socket, reads no clock and starts no thread: a shell does,
// and must
//   1. report what happens by the input methods, with a `now` that never goes back;
//   2. after every input, take all `outputs()` in order and do what they say;
//   3. call `tick` at `next_deadline()` (earlier or more often does no harm).
//
// The promise: as long as one wire comes back within the session's grace and the
// journal's retention, every owed entry is delivered exactly once, in order; what was
// missed otherwise is told as a gap. Every command ends in one reply or OutcomeUnknown.
//
// Not thread-safe: one thread at a time. Bounded: held entries, queued and
// outstanding commands; `outputs()` grows only until the shell takes it.
// Its behaviour is pinned by tests/vectors/*.json, shared with the other clients.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "protocol/ack_pacer.hpp"
#include "protocol/client_config.hpp"
#include "protocol/client_output.hpp"
#include "protocol/client_wires.hpp"
#include "protocol/close_info.hpp"
#include "protocol/command_book.hpp"
#include "protocol/delay_view.hpp"
#include "protocol/jitter.hpp"
#include "protocol/merge.hpp"
#include "protocol/promotion.hpp"
#include "protocol/server_message.hpp"
#include "protocol/wire_side.hpp"

namespace mythos::protocol {

class DualClient {
public:
    explicit DualClient(ClientConfig config);
    DualClient(const DualClient&) = delete;
    DualClient& operator=(const DualClient&) = delete;

    // Opens the wires. Also brings barred wires and a stopped client back, at the
    // application's own wish.
    void start(MonoTime now);

    // Closes everything; unanswered commands end in OutcomeUnknown.
    void stop(MonoTime now);

    // The connection is open (101, or 200 with an event stream); the welcome follows.
    void wire_opened(MonoTime now, Wire wire, std::uint64_t attempt);

    // One text message, or the joined `data:` lines of one SSE block.
    void message(MonoTime now, Wire wire, std::uint64_t attempt, std::string_view json);

    // The connection ended, or could not be opened.
    void wire_closed(MonoTime now, Wire wire, std::uint64_t attempt, const CloseInfo& info);

    // The answer to PostCommands; status 0 where there was none.
    void post_answered(MonoTime now, std::uint64_t post_id, int status, std::string_view body,
                       std::optional<Duration> retry_after = std::nullopt);

    void tick(MonoTime now);

    // Queues a command and gives its id, `c-N`. `data` is JSON text, or empty for none.
    // Errors: `bad_command` (empty type, `data` is not JSON, or a type that this class
    // sends by itself: ack, promote), `too_many_commands` (queue full: try after a reply),
    // `stopped`.
    Result<std::string> send_command(MonoTime now, std::string_view type, std::string_view data);

    // The application's own delivery statistics, a JSON object, sent with the
    // acknowledgement of each heartbeat until replaced. Empty: none.
    void set_statistics(std::string_view json);

    // New credentials are there: refused wires reconnect.
    void credentials_renewed(MonoTime now);

    // Taken by the shell: move out and leave empty.
    Outputs& outputs() { return outputs_; }

    // When `tick` has something to do; nullopt while nothing is waited for.
    std::optional<MonoTime> next_deadline() const;

    // The last id applied, to be stored by an application that resumes later.
    const std::optional<Cursor>& applied() const { return merge_.applied(); }
    const std::string& session_id() const { return session_id_; }
    WireStatus wire_status(Wire wire) const { return side(wire).told; }
    const MergeCounters& merge_counters() const { return merge_.counters(); }
    std::uint64_t malformed() const { return malformed_; }
    std::uint64_t unknown_types() const { return unknown_types_; }
    std::size_t commands_open() const { return commands_.size(); }

private:
    WireSide& side(Wire wire) { return sides_[index_of(wire)]; }
    const WireSide& side(Wire wire) const { return sides_[index_of(wire)]; }

    void handle(MonoTime now, Wire wire, ServerMessage&& message, std::string_view json);
    void welcome(MonoTime now, Wire wire, WelcomeMessage&& m);
    bool join(MonoTime now, Wire wire, const WelcomeMessage& m);
    void become_active(Wire wire, bool asked);
    void entry(MonoTime now, Wire wire, EntryMessage&& m, std::string_view json);
    void heartbeat(MonoTime now, Wire wire, const HeartbeatMessage& m);
    void promoted(Wire wire, const Cursor& cursor);

    void open(MonoTime now, Wire wire);
    void ended(MonoTime now, Wire wire, const CloseInfo& info);
    void lose(Wire wire, std::string_view reason);
    void close(MonoTime now, Wire wire, int code, std::string_view reason, bool soon);
    void stop_all(std::string_view reason);
    void hasten_second(MonoTime now, Wire wire);

    void settle(MonoTime now);
    void promote_if_needed(MonoTime now);
    bool may_promote(Wire wire) const;
    bool send_promote(Wire wire);
    bool send_by(const Route& route, std::string text);
    void acknowledge(MonoTime now);
    bool can_acknowledge() const;
    Route route() const { return route_of(sides_, post_blocked_); }
    WireView view(Wire wire) const;

    const ClientConfig config_;
    Outputs outputs_;
    Jitter jitter_;
    Merge merge_;
    CommandBook commands_;
    AckPacer acks_;
    Promotion promotion_;
    WireSides sides_;

    bool running_ = false;
    std::string session_id_;
    std::uint64_t joined_by_ = 0;  // the newest attempt whose welcome named this session and epoch
    std::string statistics_;
    DelayView delay_;
    std::optional<Wire> carrier_;  // the healthy covering wire that the stream is said to be on
    bool had_active_ = false;      // a wire has carried the stream since start
    std::uint64_t next_attempt_ = config_.first_attempt;
    std::uint64_t next_post_ = 1;
    std::uint64_t first_post_of_session_ = 1;
    bool post_blocked_ = false;              // 401 or 410, until a welcome or new credentials
    std::optional<std::uint64_t> ack_post_;  // at most one acknowledgement is being posted
    MonoTime ack_post_deadline_;
    std::uint64_t acked_total_ = 0;  // of the merge's delivered and told, given to the pacer
    std::uint64_t malformed_ = 0;
    std::uint64_t unknown_types_ = 0;
};

}  // namespace mythos::protocol
