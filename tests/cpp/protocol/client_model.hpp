// A world in miniature for the dual client's random test: one journal, a server that
// keeps the protocol's rules for two wires, a network that cuts, swallows and delays, and an
// oracle that knows only the append history and what the application was told.
//
// One seed is one run. Not the simulator: the real hub is tested in tests/cpp/sim.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "protocol/dual_client.hpp"

namespace mythos::protocol::model {

// The append history of one epoch: which positions the session is owed.
struct Journal {
    std::string epoch;
    std::vector<bool> owed{false};  // by seq; 0 is before the first
    Seq floor = 1;                  // the first retained position
    Seq head() const { return owed.size() - 1; }
    std::uint64_t owed_between(Seq after, Seq before) const;
};

// Checks what the application sees against the journals. The first violation is kept.
class Oracle {
public:
    void started(const Cursor& at);
    void delivered(const Journal& journal, const Cursor& id);
    void gap(const Journal& journal, const TellGap& gap);
    void fail(std::string what);
    void at_end(const Journal& journal);

    bool in(const std::string& epoch) const { return position_ && position_->epoch == epoch; }
    const std::optional<Cursor>& position() const { return position_; }
    const std::string& violation() const { return violation_; }

private:
    std::optional<Cursor> position_;
    std::string violation_;
};

struct Connection {
    Wire wire = Wire::websocket;
    std::uint64_t attempt = 0;
    std::string id;
    std::optional<Cursor> asked;  // the connect parameter
    bool accepted = false;
    bool server_alive = true;
    bool client_alive = true;
    bool hole = false;  // swallows everything, unnoticed
    bool standby = false;
    Seq cursor = 0;
    Seq base = 0;
    std::deque<std::string> down;
    std::deque<std::string> up;
    std::optional<Seq> known_base;  // as the client has been told
    bool demoted = false;           // another one was made active since
};

struct Totals {
    std::uint64_t delivered = 0, gaps = 0, promotions = 0, rewinds = 0, restarts = 0, expiries = 0, holes = 0, cuts = 0,
                  commands = 0, unknown = 0, overflows = 0;
};

class World {
public:
    World(std::uint64_t seed, Mode mode, const ClientFaults& faults);

    // A stretch of faults, then peace until everything must have arrived.
    // Returns the first violation, empty for none.
    std::string run(int steps, Totals& totals);

private:
    struct Post {
        std::uint64_t id;
        std::string session_id;
        std::string body;
    };

    std::uint64_t below(std::uint64_t n) { return random_() % n; }
    bool chance(int percent) { return static_cast<int>(below(100)) < percent; }

    void step();
    void peace();
    void pass_time(Duration d);
    void take_outputs();
    Connection* connection(std::uint64_t attempt);
    Connection* any_connection();

    // Server.
    void append();
    void evict();
    void accept(Connection& c);
    void pump(Connection& c, int budget);
    void heartbeat(Connection& c);
    void promote(Connection& c, Seq cursor);
    void server_lost(Connection& c);
    void restart();
    void expire();
    std::string command(const std::string& text);  // gives the reply, empty for none
    void answer(const Post& post, bool lost_before, bool lost_after);

    // Network.
    void deliver(Connection& c);
    void receive_up(Connection& c);
    void cut(Connection& c);
    void note_base(Connection& c, const std::string& json);

    std::mt19937_64 random_;
    bool standby_mode_;
    MonoTime now_{1'000'000'000};
    MonoTime next_heartbeat_;
    Journal journal_;
    std::vector<Journal> old_journals_;
    std::string session_ = "s1";
    std::string expired_session_;
    Seq session_opened_ = 0;
    std::optional<Seq> acked_;
    std::map<std::uint64_t, Connection> connections_;
    std::vector<Post> posts_;
    std::map<std::string, std::string> replies_;  // command id to reply, this session's
    std::map<std::string, int> executed_;         // token to times, ever
    std::map<std::string, std::string> open_;     // command id to token, without an outcome
    int epochs_ = 1, sessions_ = 1, tokens_ = 0;
    Totals* totals_ = nullptr;
    struct ToldRange {
        Seq after, before;
        std::set<std::uint64_t> covered_by;  // attempts that could still have brought it
        std::string epoch;
    };
    std::vector<ToldRange> told_;
    Oracle oracle_;
    DualClient client_;
};

}  // namespace mythos::protocol::model
