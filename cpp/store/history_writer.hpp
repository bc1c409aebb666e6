// What is written: one transaction a batch, of statements that may be repeated. A batch whose commit was not confirmed
// is therefore written again without a duplicate.
//
// Rows belong to a run of a server. A run that ended without saying so is found by the next run of the same server, or
// by any server once it was not seen for `kRunLost`; what it left open is closed then as `server_lost`, at the time at
// which it was last seen. One that was only thought to be lost takes that back when it returns.
//
// Not thread-safe: the store's thread. Throws what SOCI throws.
#pragma once

#include <span>
#include <string>

#include "base/clock.hpp"
#include "store/event.hpp"
#include "store/session.hpp"

namespace mythos::store {

// A database that is away for less does not make its servers' runs look lost.
inline constexpr Duration kRunLost = seconds(3'600);
// Rows that one statement of the retention deletes, so that no writer waits long for it.
inline constexpr int kPruneRows = 500;

struct ServerRun {
    std::string run_id;     // random, of this process
    std::string server_id;  // the same for each run of a server
    WallTime started_at;
};

class HistoryWriter {
public:
    HistoryWriter(Session& session, const ServerRun& run) : session_(session), run_(run) {}

    // Begins the run, or goes on with it on a new connection; closes what lost runs left open.
    void begin(WallTime now);
    void write(std::span<const Event> events, WallTime now);
    // Says that the run lives. That is a write: it fails where writes fail.
    void touch(WallTime now);
    // Deletes a portion of what was closed before; true: there may be more.
    bool prune(WallTime before);
    // Closes what is still open of this run, and the run.
    void end(WallTime now);

private:
    void close_lost(const std::string& now, const std::string& seen_before);
    void open_sessions(std::span<const Event> events);
    void close_sessions(std::span<const Event> events);
    void open_connections(std::span<const Event> events);
    void close_connections(std::span<const Event> events);

    Session& session_;
    const ServerRun& run_;
};

}  // namespace mythos::store
