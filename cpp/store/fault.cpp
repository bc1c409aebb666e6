#include "store/fault.hpp"

#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <array>

namespace mythos::store {

namespace {

constexpr std::array<std::string_view, 11> kNames{"none",      "unreachable",  "timed_out", "locked",
                                                  "disk_full", "io_error",     "no_access", "no_database",
                                                  "corrupt",   "schema_newer", "rejected"};

Fault of_sqlite(int result) {
    switch (result & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
            return Fault::locked;
        case SQLITE_FULL:
            return Fault::disk_full;
        case SQLITE_IOERR:
            return Fault::io_error;
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH:
            return Fault::no_access;
        case SQLITE_CANTOPEN:
            return Fault::unreachable;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Fault::corrupt;
        case SQLITE_INTERRUPT:
            return Fault::timed_out;
        default:
            return Fault::rejected;
    }
}

// PostgreSQL's error codes, appendix A of its manual.
Fault of_state(std::string_view state) {
    if (state == "53100") return Fault::disk_full;
    if (state == "58030") return Fault::io_error;
    if (state == "57014") return Fault::timed_out;
    if (state == "25006" || state == "42501" || state.starts_with("28")) return Fault::no_access;
    if (state == "3D000") return Fault::no_database;
    if (state == "55P03" || state.starts_with("40")) return Fault::locked;
    if (state.starts_with("08") || state.starts_with("53") || state.starts_with("57P")) return Fault::unreachable;
    if (state.starts_with("XX")) return Fault::corrupt;
    return Fault::rejected;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// A refused connection has no code in libpq, only the server's text, in English where nobody has changed that.
Fault of_connecting(std::string_view text) {
    if (has(text, "authentication failed") || has(text, "no password supplied") || has(text, "no pg_hba.conf entry") ||
        has(text, "role \""))
        return Fault::no_access;
    if (has(text, "database \"") && has(text, "does not exist")) return Fault::no_database;
    if (has(text, "timeout expired")) return Fault::timed_out;
    return Fault::unreachable;
}

}  // namespace

std::string_view name_of(Fault fault) { return kNames[static_cast<std::size_t>(fault)]; }

Fault fault_of(const std::exception& thrown, bool connecting) {
    if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&thrown)) return of_sqlite(sqlite->result());
    if (const auto* postgresql = dynamic_cast<const soci::postgresql_soci_error*>(&thrown)) {
        if (postgresql->get_error_category() == soci::soci_error::connection_error) return Fault::unreachable;
        return of_state(postgresql->sqlstate());
    }
    return connecting ? of_connecting(thrown.what()) : Fault::rejected;
}

}  // namespace mythos::store
