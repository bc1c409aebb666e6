#include "store/history_writer.hpp"

#include <vector>

#include "store/wall_text.hpp"

namespace mythos::store {

using soci::use;

namespace {

using Texts = std::vector<std::string>;
using Kind = Event::Kind;

// Each event of this kind.
template <class F>
void for_each(std::span<const Event> events, Kind kind, F&& f) {
    for (const Event& event : events)
        if (event.kind == kind) f(event);
}

// What an opening and a closing both tell of their connections, by column.
struct ConnectionColumns {
    Texts ids, players, sessions, clients, types, runs, created;

    void add(const Event& e, const std::string& run_id) {
        ids.push_back(e.connection_id);
        players.push_back(e.player_id);
        sessions.push_back(e.session_id);
        clients.push_back(e.client_id);
        types.emplace_back(protocol::to_string(e.wire));
        runs.push_back(run_id);
        created.push_back(wall_text(e.created_at));
    }
};

}  // namespace

void HistoryWriter::begin(WallTime now) {
    const std::string at = wall_text(now), started = wall_text(run_.started_at);
    soci::transaction transaction(session_.sql());
    session_.sql() << "INSERT INTO server_runs (run_id, server_id, started_at, seen_at) "
                      "VALUES (:run, :server, :started, :now) "
                      "ON CONFLICT (run_id) DO UPDATE SET seen_at = excluded.seen_at, ended_at = NULL",
        use(run_.run_id, "run"), use(run_.server_id, "server"), use(started, "started"), use(at, "now");
    for (const char* table : {"connections", "sessions"})
        session_.sql() << "UPDATE " << table
                       << " SET closed_at = NULL, close_reason = NULL "
                          "WHERE run_id = :run AND close_reason = 'server_lost'",
            use(run_.run_id, "run");
    close_lost(at, wall_text({(now.ns - kRunLost.ns)}));
    transaction.commit();
}

void HistoryWriter::close_lost(const std::string& now, const std::string& seen_before) {
    const std::string lost =
        "(SELECT run_id FROM server_runs WHERE run_id <> :run AND ended_at IS NULL "
        "AND (server_id = :server OR seen_at < :before))";
    for (const std::string table : {"connections", "sessions"})
        session_.sql() << "UPDATE " + table +
                              " SET close_reason = 'server_lost', closed_at = "
                              "(SELECT seen_at FROM server_runs WHERE server_runs.run_id = " +
                              table + ".run_id) WHERE closed_at IS NULL AND run_id IN " + lost,
            use(run_.run_id, "run"), use(run_.server_id, "server"), use(seen_before, "before");
    session_.sql() << "UPDATE server_runs SET ended_at = :now WHERE run_id IN " + lost, use(now, "now"),
        use(run_.run_id, "run"), use(run_.server_id, "server"), use(seen_before, "before");
}

void HistoryWriter::write(std::span<const Event> events, WallTime now) {
    soci::transaction transaction(session_.sql());
    // Openings first: a closing that finds its row adds to it what only it knows.
    open_sessions(events);
    open_connections(events);
    close_connections(events);
    close_sessions(events);
    const std::string at = wall_text(now);
    session_.sql() << "UPDATE server_runs SET seen_at = :now WHERE run_id = :run", use(at, "now"),
        use(run_.run_id, "run");
    transaction.commit();
}

void HistoryWriter::touch(WallTime now) { write({}, now); }

void HistoryWriter::open_sessions(std::span<const Event> events) {
    Texts ids, players, runs, created;
    for_each(events, Kind::session_opened, [&](const Event& e) {
        ids.push_back(e.session_id);
        players.push_back(e.player_id);
        runs.push_back(run_.run_id);
        created.push_back(wall_text(e.created_at));
    });
    if (ids.empty()) return;
    session_.sql() << "INSERT INTO sessions (session_id, player_id, run_id, created_at) "
                      "VALUES (:id, :player, :run, :created) ON CONFLICT (session_id) DO NOTHING",
        use(ids, "id"), use(players, "player"), use(runs, "run"), use(created, "created");
}

void HistoryWriter::close_sessions(std::span<const Event> events) {
    Texts ids, players, runs, created, closed, reasons;
    for_each(events, Kind::session_closed, [&](const Event& e) {
        ids.push_back(e.session_id);
        players.push_back(e.player_id);
        runs.push_back(run_.run_id);
        created.push_back(wall_text(e.created_at));
        closed.push_back(wall_text(e.closed_at));
        reasons.emplace_back(e.reason);
    });
    if (ids.empty()) return;
    session_.sql() << "INSERT INTO sessions (session_id, player_id, run_id, created_at, closed_at, close_reason) "
                      "VALUES (:id, :player, :run, :created, :closed, :reason) ON CONFLICT (session_id) DO UPDATE "
                      "SET closed_at = excluded.closed_at, close_reason = excluded.close_reason",
        use(ids, "id"), use(players, "player"), use(runs, "run"), use(created, "created"), use(closed, "closed"),
        use(reasons, "reason");
}

void HistoryWriter::open_connections(std::span<const Event> events) {
    ConnectionColumns of;
    Texts remotes;
    for_each(events, Kind::connection_opened, [&](const Event& e) {
        of.add(e, run_.run_id);
        remotes.push_back(e.remote);
    });
    if (of.ids.empty()) return;
    session_.sql() << "INSERT INTO connections (connection_id, player_id, session_id, client_id, connection_type, "
                      "remote_address, run_id, created_at) "
                      "VALUES (:id, :player, :session, :client, :type, :remote, :run, :created) "
                      "ON CONFLICT (connection_id) DO NOTHING",
        use(of.ids, "id"), use(of.players, "player"), use(of.sessions, "session"), use(of.clients, "client"),
        use(of.types, "type"), use(remotes, "remote"), use(of.runs, "run"), use(of.created, "created");
}

void HistoryWriter::close_connections(std::span<const Event> events) {
    ConnectionColumns of;
    Texts closed, reasons;
    std::vector<int> codes;
    for_each(events, Kind::connection_closed, [&](const Event& e) {
        of.add(e, run_.run_id);
        closed.push_back(wall_text(e.closed_at));
        reasons.emplace_back(e.reason);
        codes.push_back(e.close_code);
    });
    if (of.ids.empty()) return;
    session_.sql() << "INSERT INTO connections (connection_id, player_id, session_id, client_id, connection_type, "
                      "run_id, created_at, closed_at, close_reason, close_code) "
                      "VALUES (:id, :player, :session, :client, :type, :run, :created, :closed, :reason, :code) "
                      "ON CONFLICT (connection_id) DO UPDATE SET closed_at = excluded.closed_at, "
                      "close_reason = excluded.close_reason, close_code = excluded.close_code",
        use(of.ids, "id"), use(of.players, "player"), use(of.sessions, "session"), use(of.clients, "client"),
        use(of.types, "type"), use(of.runs, "run"), use(of.created, "created"), use(closed, "closed"),
        use(reasons, "reason"), use(codes, "code");
}

bool HistoryWriter::prune(WallTime before) {
    const std::string at = wall_text(before);
    bool more = false;
    for (const auto& [table, key] : {std::pair("connections", "connection_id"), {"sessions", "session_id"}}) {
        soci::transaction transaction(session_.sql());
        soci::statement deletes = (session_.sql().prepare << "DELETE FROM " << table << " WHERE " << key
                                                          << " IN (SELECT " << key << " FROM " << table
                                                          << " WHERE created_at < :before AND closed_at < :before2 "
                                                             "LIMIT "
                                                          << kPruneRows << ")",
                                   use(at, "before"), use(at, "before2"));
        deletes.execute(true);
        more = more || deletes.get_affected_rows() >= kPruneRows;
        transaction.commit();
    }
    if (!more) {
        soci::transaction transaction(session_.sql());
        session_.sql() << "DELETE FROM server_runs WHERE ended_at < :before", use(at, "before");
        transaction.commit();
    }
    return more;
}

void HistoryWriter::end(WallTime now) {
    const std::string at = wall_text(now);
    soci::transaction transaction(session_.sql());
    for (const char* table : {"connections", "sessions"})
        session_.sql() << "UPDATE " << table
                       << " SET closed_at = :now, close_reason = 'server_stopped' "
                          "WHERE run_id = :run AND closed_at IS NULL",
            use(at, "now"), use(run_.run_id, "run");
    session_.sql() << "UPDATE server_runs SET seen_at = :now, ended_at = :now2 WHERE run_id = :run", use(at, "now"),
        use(at, "now2"), use(run_.run_id, "run");
    transaction.commit();
}

}  // namespace mythos::store
