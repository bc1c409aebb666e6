// Who is here: players, their sessions, the clients of a session, their connections.
//
// Plain records with stable addresses, linked by raw pointers that the sequencer
// keeps right. Not thread-safe; guarded by the sequencer's mutex.
#pragma once

#include <array>
#include <deque>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "hub/client_state.hpp"
#include "hub/intervals.hpp"
#include "hub/outcomes.hpp"
#include "hub/outlet.hpp"

namespace mythos::hub {

// Bits of session, connection and anonymous client ids: with the prefix 15 characters, which a
// string holds without an allocation. Ids name things; they authorise nothing by themselves.
inline constexpr int kIdBits = 65;

struct Session;
struct Client;

struct Connection {
    ConnectionKey key = 0;
    std::uint32_t loop = 0;
    protocol::Wire wire = protocol::Wire::websocket;
    bool standby = false;
    bool leaving = false;  // told to close; no longer counted
    std::uint64_t attempt = 0;
    std::string connection_id;
    Session* session = nullptr;
    Client* client = nullptr;
    WallTime opened_at;
    // For the history, once it is detached: whose it was.
    struct Names {
        std::string player_id, session_id, client_id;
    };
    std::unique_ptr<const Names> was;
};

// One running client program of a session, named by its random client_id.
struct Client {
    bool named = false;  // false: a connection without client_id, a client of its own
    std::shared_ptr<ClientState> state;
    std::array<Connection*, 2> wires{};  // by wire; null where none lives
    Outcomes outcomes;
    MonoTime left_at;  // when its last wire went

    std::string_view client_id() const { return state->client_id(); }
    bool connected() const { return wires[0] != nullptr || wires[1] != nullptr; }
};

struct Player;

// Who has to stay away from a session or was long away from it; few sessions have any.
struct Absent {
    std::vector<std::pair<std::string, protocol::Wire>> displaced;  // told to stay away unless there is room
    // Clients swept after a long absence, with the number below which their commands are
    // stale: one that comes back must not have them executed again. Oldest out first.
    std::vector<std::pair<std::string, std::uint64_t>> swept;
};

struct Session {
    SessionHandle handle = 0;
    std::string session_id;
    Player* player = nullptr;
    Seq opened_seq = 0;
    WallTime opened_at;
    MonoTime opened;  // the same, for how long it lasts
    // Everyone's, open while it lives; the player's own, as soon as anything was ever sent to the player; channels'.
    Intervals intervals;
    std::vector<std::pair<TargetId, WallTime>> channels;  // subscribed to, and since when
    std::forward_list<Client> clients;
    std::unique_ptr<Absent> absent;
    MonoTime grace_until;  // counts while no connection lives
    std::uint32_t connections = 0;
    std::uint32_t connections_peak = 0;  // the most at once

    Client* find_client(std::string_view client_id) {
        for (Client& c : clients)
            if (c.named && c.client_id() == client_id) return &c;
        return nullptr;
    }
    // In order of opening.
    std::vector<Connection*> connections_by_age() const;
};

struct Player {
    const std::string* name = nullptr;  // the key that it is found by
    std::unique_ptr<Session> session;

    const std::string& player_id() const { return *name; }
};

// A player, a channel, a channel's presence, or everyone.
struct TargetInfo {
    TargetId id = 0;
    journal::Target target;
    std::uint64_t ordinal = 0;  // entries so far
    Seq last_seq = 0;
    std::uint32_t open_intervals = 0;
    std::vector<Session*> members;  // of a channel, in order of joining
};

// Targets by number and by name.
class Targets {
public:
    Targets();
    TargetInfo& of(const journal::Target& target);  // made if it is new
    TargetInfo* find(const journal::Target& target) const;
    TargetInfo& at(TargetId id) { return *by_id_.at(id); }
    const TargetInfo& at(TargetId id) const { return *by_id_.at(id); }
    const TargetInfo* find_by_id(TargetId id) const {
        const auto it = by_id_.find(id);
        return it == by_id_.end() ? nullptr : it->second.get();
    }
    // Drops targets that nobody is subscribed to and that have no entry at or above `floor`.
    std::vector<TargetId> drop_unused(Seq floor);
    std::size_t size() const { return by_id_.size(); }

    template <class F>
    void for_each(F&& f) const {
        for (const auto& [id, info] : by_id_) f(*info);
    }

private:
    struct Hash {
        std::size_t operator()(const journal::Target* t) const {
            return std::hash<std::string>{}(t->name) * 31 + static_cast<std::size_t>(t->kind);
        }
    };
    struct Equal {
        bool operator()(const journal::Target* a, const journal::Target* b) const { return *a == *b; }
    };
    TargetId next_ = journal::kEveryone;
    std::unordered_map<TargetId, std::unique_ptr<TargetInfo>> by_id_;
    std::unordered_map<const journal::Target*, TargetInfo*, Hash, Equal> by_name_;
};

// How many connections there are and of whom, kept up as they come and go.
struct Census {
    std::size_t connections[2] = {0, 0};   // by wire
    std::size_t players_only[2] = {0, 0};  // with this wire alone
    std::size_t players_dual = 0;

    // Counts a session's connections in (`sign` 1) or out again (-1).
    void count(const Session& session, int sign);
};

// Ids of replaced sessions, remembered for a day at most and up to a bound, oldest out first.
class ReplacedSessions {
public:
    void add(std::string session_id, MonoTime now, std::size_t max);
    bool contains(std::string_view session_id) const { return ids_.contains(std::string(session_id)); }
    void sweep(MonoTime now);
    template <class F>
    void for_each(F&& f) const {
        for (const auto& [id, at] : order_) f(id);
    }

private:
    std::deque<std::pair<std::string, MonoTime>> order_;
    std::unordered_map<std::string, bool> ids_;
};

}  // namespace mythos::hub
