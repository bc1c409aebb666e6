// The sequencer: the one place where order is decided.
//
// Sessions open, join, are replaced and expire here; subscriptions change what is
// owed; messages get their position. Everything that loops must act on at the same
// position is an entry in the journal; what concerns one connection (displace it,
// promote it) is an Effect, carried to that connection's loop.
//
// The state is that after the last append, committed or not. What a caller tells a
// client must therefore wait until the position it was given (`visible_at`) is
// committed.
//
// Thread-safety: none. Callers hold the node's mutex from `begin` to `end`.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "hub/effects.hpp"
#include "hub/ending.hpp"
#include "hub/hub_event.hpp"
#include "hub/player_rates.hpp"
#include "hub/registry.hpp"
#include "hub/sampler.hpp"
#include "hub/settings.hpp"
#include "journal/journal.hpp"
#include "protocol/envelope.hpp"
#include "stats/counters.hpp"
#include "stats/histogram_shard.hpp"
#include "store/event_queue.hpp"

namespace mythos::hub {

// Where a connection's stream begins.
enum class Start : std::uint8_t {
    head,             // no cursor was given: at the head or at its client's living wires
    resumed,          // after the given cursor, if it is retained
    session_expired,  // the cursor belongs to another time: subscriptions are gone
    foreign_epoch,
    future_cursor,
};

// A connection that was let in, with a copy of what its session is owed.
struct Admitted {
    Admission names;
    std::string player_id;
    SessionHandle session = 0;
    Seq opened_seq = 0;
    Intervals intervals;
    Seq intervals_at = 0;  // the append position that they stand for
    std::shared_ptr<ClientState> client;
    bool standby = false;
    bool alone = true;  // no other wire of this client lives
    Start start = Start::head;
    Seq after = 0;       // the stream begins after it
    Seq visible_at = 0;  // tell the client when this is committed
    WallTime opened_at;
    bool reconnect = false;
};

// A command's way to its client's outcomes.
struct CommandContext {
    Session* session = nullptr;
    Client* client = nullptr;
    ConnectionKey connection = 0;  // 0 for HTTP
    std::string_view trace_id;     // of a POST, or empty; borrowed for the operation
};

struct CommandResult {
    std::string reply;
    Seq visible_at = 0;
    Seq made = 0;  // the answer is `{"id": <this>}`, and `reply` is empty
};

class Hub {
public:
    Hub(journal::Journal& journal, Settings& settings, DeliveryTotals& totals, stats::CounterShard& counters);

    // A locked stretch of operations. `end` appends what they made as one batch and hands
    // out the effects for the loops; true: something was appended.
    void begin(MonoTime now, WallTime wall);
    bool end(std::vector<Effect>& effects);
    // What was decided since the last call, to be told without the mutex.
    std::vector<HubEvent> take_events() { return std::exchange(events_, {}); }

    // Where the history of sessions and connections goes; null: nowhere. It outlives the hub. Set before the first use.
    void set_history(store::EventQueue* history) { history_ = history; }

    // Rebuilds the state from what the journal kept. Sessions start their grace at `now`.
    void restore(const journal::Recovered& found, MonoTime now, WallTime wall);

    // Connections.
    std::variant<Admitted, Refusal> connect(const ConnectRequest& request, ConnectionKey key, std::uint32_t loop);
    // `ending`: none for one that was never let in.
    void disconnected(ConnectionKey key, std::optional<Ending> ending);
    // The connection is about to be closed by its loop: it no longer counts as living.
    void leaving(ConnectionKey key);
    CommandContext context_of(ConnectionKey key);
    // The session and client of these names, if they still live; `connection` is where a client without a name of its
    // own is found.
    CommandContext same_context(const std::string& session_id, const std::string& client_id, ConnectionKey connection);
    // The player's living session, without a client.
    CommandContext context_of_player(const std::string& player_id);
    // How long this player has to wait, who asks more often than limits.requests allows; 0: not at all. `take_turn`:
    // and then this is one that counts.
    Duration rate_wait(const std::string& player_id) { return rates_.wait(player_id, now_, settings_.rate); }
    Duration take_turn(const std::string& player_id) { return rates_.take(player_id, now_, settings_.rate); }
    // For POST: the session's client, made if it is new. `player_id`: whose session it has to be, empty where nobody
    // knows who asks. Errors: `session_replaced`, `session_expired`, `foreign_session`, `limit`.
    Result<CommandContext> context_for_post(const std::string& session_id, const std::string& client_id,
                                            const std::string& player_id);

    // Commands that change state: subscribe, unsubscribe, publish, promote.
    Result<CommandResult> subscribe(CommandContext context, const protocol::Command& command);
    Result<CommandResult> unsubscribe(CommandContext context, const protocol::Command& command);
    Result<CommandResult> publish_command(CommandContext context, const protocol::Command& command);
    Result<CommandResult> promote(CommandContext context, const protocol::Command& command);
    Result<CommandResult> presence(CommandContext context, const protocol::Command& command);

    // The server's own API.
    struct Published {
        std::vector<Seq> seqs;
        Seq visible_at = 0;
    };
    // Errors: `overloaded` while the ring has no room for them, `idempotency_conflict` where the key came with
    // another body before. `trace_id`: of the request, for what is told of single messages.
    Result<Published> publish(std::vector<protocol::Publish> messages, const std::string& idempotency_key,
                              std::uint64_t fingerprint, std::string_view trace_id = {});
    struct NewSession {
        std::string session_id;
        std::size_t disconnected = 0;
        Seq visible_at = 0;
    };
    // Errors: `draining`, `overloaded`, `session_limit` where the player had no session to replace.
    Result<NewSession> replace_session(const std::string& player_id);
    struct DisconnectWho {
        std::string player_id, session_id, connection_id;
        protocol::CloseCode code = protocol::CloseCode::policy;
        std::string reason;
    };
    std::size_t disconnect(const DisconnectWho& who);

    // Time passing: grace, replaced ids, unused targets, retention by age, checkpoint.
    void tick();
    MonoTime next_deadline() const;

    // The reply of a command that was answered with a position.
    std::string reply_with_id(const std::string& command_id, Seq made) const;

    // The last position given out, committed or not.
    Seq appended() const { return next_seq_ - 1; }
    // Whether the ring takes what a connection, a command or a new session may append: else `overloaded`.
    bool has_room() const;

    // Read-only views, as JSON text.
    std::string connections_json(const std::string& player_id) const;
    std::string all_connections_json() const;
    std::string statistics_json(std::string_view counters_json) const;
    std::string channels_json() const;
    std::string presence_json(const std::string& channel) const;
    TargetId channel_target(const std::string& channel);

    // How many are here.
    struct Numbers {
        Census census;
        std::size_t sessions = 0, channels = 0, subscriptions = 0, connections_max = 0;
    };
    Numbers numbers() const {
        return {census_, sessions_.size(), channels_, subscriptions_, settings_.connections_max};
    }
    // What people call a connection; nothing for one that is gone or about to go.
    struct ConnectionNames {
        std::string connection_id, client_id, player_id, session_id;
        WallTime opened_at;
    };
    std::optional<ConnectionNames> names_of(ConnectionKey key) const;
    std::vector<ConnectionKey> keys_of(const std::string& player_id) const;
    std::optional<std::string> channel_name(TargetId target) const;
    // Sessions with their connections, some at a time, so that nobody waits long; call until it returns true. Where
    // sessions came meanwhile it may begin anew, and tell some twice.
    struct SessionsPlace {
        std::size_t bucket = 0, buckets = 0;
    };
    using TellSession = std::function<void(const std::string& session_id, std::uint32_t connections)>;
    bool tell_sessions(SessionsPlace& place, const TellSession& tell) const;
    // The most connections that sessions had at once, recorded when they end.
    const std::shared_ptr<stats::HistogramShard>& connections_per_session() const { return connections_per_session_; }

    bool known_as_replaced(const std::string& session_id) const { return replaced_.contains(session_id); }
    std::size_t connections() const { return connections_.size(); }
    std::size_t connections_of(const std::string& player_id) const;
    // Completes what is known of a delivery on this connection by what else its player has. False: it has gone.
    bool complete(DeliveryReport& report, ConnectionKey key, Seq seq) const;
    std::size_t sessions() const { return sessions_.size(); }
    void set_draining(bool draining) { draining_ = draining; }
    bool draining() const { return draining_; }

private:
    // hub.cpp
    Seq append(journal::Draft draft);
    Seq append_message(TargetInfo& target, std::string head, std::string data, std::string key);
    Seq append_control(journal::Kind kind, Session& session, TargetInfo* target, std::string reason);
    Session& open_session(Player& player);
    void end_session(Session& session, const char* reason);
    void expire(Session& session);
    void evict();
    void sweep();
    void sweep_session(Session& session, Seq floor);
    void settle_client(Session& session, Client& client);
    void end_account(const Session& session, Client& client);
    Player& player_of(const std::string& player_id);
    void drop_player_if_idle(Player& player);
    void add_interval(Session& session, TargetInfo& target, Seq from);
    SessionHandle begin_own_interval(TargetInfo& own);
    void close_interval(Session& session, TargetInfo& target, Seq to);
    std::uint64_t owed_total(const Session& session) const;
    std::string id(Seq seq) const { return format_cursor(journal_.epoch(), seq); }
    void join(Session& session, TargetInfo& channel, WallTime since);
    void part(Session& session, TargetInfo& channel);
    void note_session(HubEvent::Kind kind, const Session& session, const char* reason);
    void choose_message(const journal::Draft& draft);
    void note_presence(const char* type, Session& session, const std::string& channel);
    void write_checkpoint();
    void record_session(store::Event::Kind kind, const Session& session, const char* reason);

    // hub_connect.cpp
    std::optional<Refusal> refuse_early(const ConnectRequest& request, bool& names_unknown);
    Connection* predecessor_of(const ConnectRequest& request) const;
    std::optional<Refusal> make_room(const ConnectRequest& request, Session& session);
    void displace(Connection& connection, protocol::CloseCode code, const char* reason, bool asked = false);
    void set_wire(Session& session, Client& client, protocol::Wire wire, Connection* connection);
    void detach(Connection& connection);
    void decide_start(const ConnectRequest& request, bool names_unknown, const Session& session, const Client& client,
                      Admitted& out);
    bool has_place_for(Session& session, const std::string& client_id);
    Client& client_for(Session& session, const std::string& client_id);
    void promote_standby(Client& client);

    // hub_command.cpp
    Result<std::vector<std::string>> channels_of(const protocol::Command& command) const;
    void set_origin(const CommandContext& context, const protocol::Command& command, std::size_t first_draft);
    Seq append_publish(const protocol::Publish& message);

    // hub_restore.cpp
    std::string checkpoint_json() const;
    void restore_checkpoint(const std::string& text);
    void note_opened(Session& session, WallTime at) const;
    Session& adopt_session(Player& player, std::string session_id, Seq opened_seq);
    void restore_control(Seq seq, const journal::Record& record);
    void restore_own_interval(Session& session);
    void restore_origin(Seq seq, const journal::Record& record);

    journal::Journal& journal_;
    Settings& settings_;
    DeliveryTotals& totals_;
    stats::CounterShard& counters_;
    MonoTime now_;
    WallTime wall_;

    Targets targets_;
    std::unordered_map<std::string, Player> players_;
    std::unordered_map<std::string_view, Session*> sessions_;  // keyed by the names that the sessions hold
    std::unordered_map<ConnectionKey, Connection> connections_;
    ReplacedSessions replaced_;
    PlayerRates rates_;
    Census census_;
    std::size_t channels_ = 0, subscriptions_ = 0;
    std::shared_ptr<stats::HistogramShard> connections_per_session_;
    // A publisher's Idempotency-Key to what it made; forgotten with the retention.
    struct KeyedPublish {
        std::uint64_t fingerprint = 0;
        std::vector<Seq> seqs;
    };
    std::unordered_map<std::string, KeyedPublish> keyed_;
    std::deque<std::pair<Seq, std::string>> keyed_order_;

    std::multimap<MonoTime, std::string> graces_;  // session ids; entries may be out of date
    SessionHandle next_session_ = 1;
    Seq next_seq_ = 1;
    Seq checkpoint_at_ = 0;
    std::vector<journal::Draft> batch_;
    std::vector<Effect> effects_;
    std::vector<HubEvent> events_;
    Sampler sampler_{0};
    MonoTime next_eviction_;
    MonoTime next_sweep_;
    bool draining_ = false;
    store::EventQueue* history_ = nullptr;
};

}  // namespace mythos::hub
