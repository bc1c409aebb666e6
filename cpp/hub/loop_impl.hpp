// The inside of LoopCore, shared by the files that implement it. Internal to hub/.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <queue>
#include <unordered_map>

#include "hub/delivery.hpp"
#include "hub/inquiry.hpp"
#include "hub/loop_core.hpp"
#include "hub/node_shared.hpp"

namespace mythos::hub {

// A reconnect is a few handshakes; 20 ms of the drain's spread for each keeps the next server from a storm.
inline constexpr Duration kDrainSpreadEach = milliseconds(20);

class LoopCore::Impl {
public:
    using CloseReason = stats::CloseReason;
    Impl(Node& node, std::uint32_t index);
    ~Impl();

    using Operation = std::function<void(Hub&)>;

    // Runs under the sequencer's mutex at the end of this turn.
    void operate(Operation operation) { operations_.push_back(std::move(operation)); }
    // Runs once this position is visible, in this turn or a later one.
    void when_visible(Seq seq, std::function<void()> act) { waiting_.emplace(seq, std::move(act)); }

    Stream* find(ConnectionKey key);
    WallTime wall() const { return node.clock.wall(); }

    // loop_connections.cpp
    ConnectionKey open(ConnectRequest request, Outlet* outlet, MonoTime now);
    void decide(Hub& hub, ConnectionKey key);
    void tell_attempt(ConnectionKey key, std::size_t existing);
    void enter(ConnectionKey key);
    void drop_in_time(Stream& stream, MonoTime now);
    std::optional<Ending> gone(ConnectionKey key, MonoTime now);
    void close(Stream& stream, protocol::CloseCode code, std::string_view reason, MonoTime now);
    void apply(Effect& effect, MonoTime now);
    void note_opened(const Entrance& entrance) const;
    void refuse(const Refusal& refusal, const ConnectRequest& request, MonoTime asked);
    // Why a stream that is gone ended; `close_reason` of one that was told to close.
    static Ending ending_of(const Stream& stream);
    // Counts it, and where it is an error records it.
    void note_closed(const Stream& stream, CloseReason why);
    static CloseReason close_reason(const Stream& stream);

    // loop_pulse.cpp
    void arm(Stream& stream, MonoTime at) { timers_.push({at, stream.key}); }
    void start_pulse(Stream& stream, MonoTime now);
    void run_timers(MonoTime now);
    void pulse(Stream& stream, MonoTime now);
    void arm_pulse(Stream& stream, MonoTime now);
    void beat(Stream& stream, MonoTime now);
    // When the peer last showed that it lives, and who is expected to show it.
    struct Signs {
        MonoTime peer, kernel, any;
        bool peer_answers = false;  // pongs or acks are due every heartbeat
        bool kernel_waits = false;  // bytes are on their way that its kernel has not acknowledged
        Duration kernel_rtt{};
    };
    Signs signs_of(const Stream& stream, MonoTime now) const;
    const char* silent_too_long(Stream& stream, MonoTime now);
    void close_silent(Stream& stream, protocol::CloseCode code, std::string_view reason, MonoTime now);
    double unit(ConnectionKey key);  // in [0, 1), other each time
    Duration part_of(Duration d, ConnectionKey key);
    Duration jittered(Duration d, ConnectionKey key);

    // loop_commands.cpp
    // On a connection, the reply stands behind the entries up to `behind`; 0: it waits for none.
    using ReplyTo = std::function<void(std::string_view text, Seq behind)>;
    void command(ConnectionKey key, protocol::ParsedCommand parsed, MonoTime now);
    // A command from a WebSocket, until the end of the turn.
    struct ReceivedCommand {
        ConnectionKey key = 0;
        bool reads = false;  // counts in `Stream::readings`
        protocol::Command command;
    };
    void execute_received(Hub& hub, ReceivedCommand& received);
    void bad_command(Stream& stream, const Error& error, MonoTime now);
    // Whose commands a POST brings; `player_id` and `trace_id` may be empty.
    struct PostedBy {
        std::string session_id, client_id, player_id, trace_id;
    };
    void post_commands(const PostedBy& by, const std::string& body, MonoTime now, AnswerTo answer);
    Answer refuse_post(const Error& why) const;
    void execute_posted(Hub& hub, const PostedBy& by, std::vector<protocol::ParsedCommand>& commands, MonoTime now,
                        const AnswerTo& answer);
    // Executes, answers a repeat, or refuses. `reply` is called when it may be told.
    void execute(Hub& hub, const CommandContext& context, protocol::Command& command, ReplyTo reply);
    // Whether its outcome is kept, to answer a repeat.
    static bool is_remembered(const CommandContext& context, const protocol::Command& command) {
        return !command.id.empty() && context.client != nullptr;
    }
    Result<CommandResult> run(Hub& hub, const CommandContext& context, const protocol::Command& command);
    void history(Hub& hub, const CommandContext& context, const protocol::Command& command, ReplyTo reply);
    // `base`: of the stream it came on; 0 where that is not known.
    bool take_ack(ClientState& client, SessionHandle session, Seq base, const protocol::Command& command, MonoTime now,
                  const observe::ErrorContext& who);
    void take_report(const nlohmann::json& delays);
    void measure_acks();
    void note_command_error(const Error& error, std::string_view type, const observe::ErrorContext& who);
    // Who sent it, of one that came on a connection and of one that is being executed.
    static observe::ErrorContext sender_of(const Stream& stream);
    observe::ErrorContext sender_of(const CommandContext& context);
    // Of the POST, or of the request that opened the connection; empty: none was named.
    std::string_view trace_of(const CommandContext& context);
    void tell(ConnectionKey key, std::string_view reply, Seq behind = 0);

    // loop_handlers.cpp
    // A command that the application executes just now.
    struct HandedOver {
        SharedCall call;
        ConnectionKey connection = 0;
        std::uint64_t number = 0;
        std::uint64_t fingerprint = 0;
        bool remembered = false;
        ReplyTo reply;
    };
    bool ask(std::string question, std::string data, std::function<void(const HandlerAnswer&)> answer);
    // None: the queue is full.
    std::optional<Ticket> offer(std::shared_ptr<HandlerCall> call);
    // False: the queue is full. Else the command's data is the application's now.
    bool hand_over(const CommandContext& context, protocol::Command& command, ReplyTo reply);
    // A repeat of a running command; false: too many of them wait already.
    bool await_outcome(const CommandContext& context, const protocol::Command& command, ReplyTo reply);
    void take_answers();
    void settle(Hub& hub, const HandedOver& handed, const HandlerAnswer& answer);
    void tell_handlers_replies();

    // loop_survey.cpp
    // How a connection is now; within a turn only.
    struct Look {
        std::uint8_t causes = 0;
        Duration rtt{};
        Delivery::Backlog backlog;
    };
    Look look_at(const Stream& stream, MonoTime now) const;
    // How far a walk over all connections has come. A table that grew meanwhile is walked anew.
    struct Place {
        std::size_t bucket = 0, buckets = 0;
        bool fits(std::size_t now) const { return buckets == now; }
    };
    template <class Visit>
    bool walk(Place& place, const Clock& clock, MonoTime limit, Visit&& visit);
    void survey(const Clock& clock, MonoTime now);
    void survey_slice(const Clock& clock, MonoTime now);
    ConnectionFacts facts_of(const Stream& stream, MonoTime now) const;
    bool answer_inquiries(const Clock& clock, MonoTime now);
    static bool ends_abnormally(const Stream& stream);
    static void note_end(BlackBox& events, const Stream& stream, MonoTime now);
    void keep_closed(Stream& stream, CloseReason why, MonoTime now);

    // loop_requests.cpp
    void ask_hub(std::function<std::string(Hub&)> question, AnswerTo answer);
    Result<Seq> history_end(const std::string& before) const;
    std::string history_json(TargetId target, const std::string& channel, Seq before, std::size_t limit) const;
    std::string counters_json() const;

    // An operation threw: it is a fault of the server, which goes on.
    void note_fault(std::string_view what);

    bool turn(const Clock& clock);
    MonoTime next_deadline() const;

    Node::Shared& node;
    const std::uint32_t index;
    Settings settings;
    stats::CounterShard& counters;
    stats::LatencyShards& latencies;
    observe::ErrorRecorder errors;
    Delivery delivery;
    std::unordered_map<ConnectionKey, Stream> streams;
    bool drains = false;

private:
    friend class LoopCore;
    void refresh_settings(MonoTime now);
    void tell_samples();
    void run_operations(MonoTime now, WallTime wall);
    void run_visible();

    std::vector<Operation> operations_;
    // What was acknowledged since the last turn; measured in the next one, in which entries can be read.
    struct Acked {
        SessionHandle session;
        Seq after, upto;
        MonoTime at;
    };
    std::vector<Acked> acked_;
    std::vector<ReceivedCommand> commands_;  // of those operations that execute one
    std::vector<std::function<void()>> after_unlock_;
    std::multimap<Seq, std::function<void()>> waiting_;
    std::vector<HandedOver> handed_over_;  // by `place_of` their tickets
    std::unordered_map<Ticket, std::function<void(const HandlerAnswer&)>> asked_;
    std::unordered_multimap<std::string, ReplyTo> repeats_;
    // Replies of the application that wait to be visible, in the order of their positions; their texts one after
    // another.
    struct WaitingReply {
        Seq visible_at = 0;
        std::size_t bytes = 0;
        ReplyTo reply;
    };
    std::vector<WaitingReply> replies_;
    std::string reply_texts_;
    bool offered_ = false;  // something, to the application, since it was last told
    struct Timer {
        MonoTime at;
        ConnectionKey key;
        bool operator>(const Timer& o) const { return at > o.at; }
    };
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
    std::uint64_t settings_version_ = 0;
    MonoTime hub_deadline_;  // loop 0: when the sequencer wants a tick
    MonoTime trim_at_;
    std::uint64_t beats_ = 0;
    struct Round {
        MonoTime began;
        Place place;
        Survey::Waiting waiting;
    };
    Round round_;
    MonoTime survey_at_;  // 0: there is nobody to look at
    struct PendingInquiry {
        std::shared_ptr<const Inquiry> asked;
        Place place;
        std::vector<ConnectionFacts> found;
    };
    std::vector<PendingInquiry> inquiries_;
};

}  // namespace mythos::hub
