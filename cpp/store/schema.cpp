#include "store/schema.hpp"

#include <array>
#include <string>

#include "store/wall_text.hpp"

namespace mythos::store {

namespace {

constexpr std::string_view kVersions =
    "CREATE TABLE IF NOT EXISTS mythos_schema (version INTEGER PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL)";

// SQLite takes any type's name; what it does not know, as TIMESTAMPTZ, holds text.
constexpr std::array kFirst{
    "CREATE TABLE server_runs ("
    "run_id TEXT PRIMARY KEY, server_id TEXT NOT NULL, started_at TIMESTAMPTZ NOT NULL, "
    "seen_at TIMESTAMPTZ NOT NULL, ended_at TIMESTAMPTZ)",

    "CREATE TABLE sessions ("
    "session_id TEXT PRIMARY KEY, player_id TEXT NOT NULL, run_id TEXT NOT NULL, "
    "created_at TIMESTAMPTZ NOT NULL, closed_at TIMESTAMPTZ, close_reason TEXT)",
    "CREATE INDEX idx_sessions_player ON sessions(player_id, created_at)",
    "CREATE INDEX idx_sessions_created_at ON sessions(created_at)",
    "CREATE INDEX idx_sessions_open ON sessions(run_id) WHERE closed_at IS NULL",

    "CREATE TABLE connections ("
    "connection_id TEXT PRIMARY KEY, player_id TEXT NOT NULL, session_id TEXT NOT NULL, client_id TEXT NOT NULL, "
    "connection_type TEXT NOT NULL, remote_address TEXT, run_id TEXT NOT NULL, "
    "created_at TIMESTAMPTZ NOT NULL, closed_at TIMESTAMPTZ, close_reason TEXT, close_code INTEGER)",
    "CREATE INDEX idx_connections_player_session ON connections(player_id, session_id)",
    "CREATE INDEX idx_connections_created_at ON connections(created_at)",
    "CREATE INDEX idx_connections_open ON connections(run_id) WHERE closed_at IS NULL",
};

}  // namespace

void migrate(Session& session, WallTime now) {
    soci::session& sql = session.sql();
    session.begin_alone();
    try {
        sql << kVersions.data();
        int version = 0;
        sql << "SELECT COALESCE(MAX(version), 0) FROM mythos_schema", soci::into(version);
        if (version > kSchemaVersion) throw SchemaNewer();
        if (version < 1) {
            for (const char* statement : kFirst) sql << statement;
            const std::string at = wall_text(now);
            sql << "INSERT INTO mythos_schema (version, applied_at) VALUES (1, :at)", soci::use(at, "at");
        }
        sql.commit();
    } catch (...) {
        try {
            sql.rollback();
        } catch (const std::exception&) {}  // the connection is lost, and the transaction with it
        throw;
    }
}

}  // namespace mythos::store
