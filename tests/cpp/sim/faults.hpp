// The kinds of faults that the simulator draws, and the account of which ones a run
// and each of its sessions met.
//
// A session counts as faulted when at least one of these happened to one of its
// wires, clients or commands, or to the whole server while it lived. Not thread-safe.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mythos::sim {

enum class Fault : std::uint8_t {
    reset,              // RST, both sides notice
    cut_server_blind,   // the client's side is dead, the server does not hear of it
    cut_client_blind,   // the server's side is dead, the client does not hear of it
    black_hole,         // nobody hears of it
    polite_close,       // a proxy ends the connection in order
    delay,              // everything on one wire stands still for a while
    wire_behind,        // one wire runs far behind the other
    late_connect,       // the request to connect is long under way
    wire_blocked,       // one wire cannot be opened for a while
    all_cut,            // both wires of a client are cut at once
    away_past_grace,    // all wires of a player stay away until its session expires
    slow_reader,        // reads some bytes now and then
    reader_stops,       // reads nothing for a while
    short_writes,       // the socket takes less than there is
    retention_overrun,  // a burst that pushes one stopped wire out of the retention
    second_tab,
    no_client_id,     // a connection without client_id
    program_restart,  // the client program starts again from its stored cursor
    racing_connects,  // first connections of a player at the same instant on two loops
    session_replaced,
    displaced,         // more connections than a player may have
    subscribe_cut,     // subscribing or unsubscribing while a wire is cut
    command_cut,       // a wire is cut with commands under way
    post_lost,         // the answer to a POST never arrives
    publish_repeated,  // a publisher asks again with its Idempotency-Key
    foreign_cursor,    // a client comes with a cursor of another epoch or of the future
    kicked,            // the application disconnects a player
    loop_held,         // a loop gets no turn for a while
    commit_stalled,    // the journal does not commit for a while
    crash_with_journal,
    crash_without_journal,
    drain_restart,
    count_,
};

inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::count_);
using FaultSet = std::bitset<kFaults>;

std::string_view fault_name(Fault fault);

class FaultLog {
public:
    // `session` empty: the client has none yet; only the run is marked.
    void note(Fault fault, const std::string& session);
    // The same fault met this session too.
    void mark(Fault fault, const std::string& session);

    const std::array<std::uint64_t, kFaults>& counts() const { return counts_; }
    const FaultSet& met() const { return met_; }
    const std::map<std::string, FaultSet>& sessions() const { return sessions_; }

private:
    std::array<std::uint64_t, kFaults> counts_{};
    FaultSet met_;
    std::map<std::string, FaultSet> sessions_;
};

// Sums over runs: how often each kind happened, and in how many runs each pair met.
struct FaultTotals {
    std::uint64_t runs = 0;
    std::uint64_t faulted_sessions = 0;
    std::array<std::uint64_t, kFaults> counts{};
    std::array<std::array<std::uint32_t, kFaults>, kFaults> pairs{};

    void add(const FaultLog& log);
    // Pairs of different kinds that met in at least one run.
    std::size_t pairs_met() const;
};

}  // namespace mythos::sim
