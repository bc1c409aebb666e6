// What can be wrong with a database, as words that are told in health, metrics and the log in the place of the driver's
// text, which may name hosts, users and statements.
#pragma once

#include <cstdint>
#include <exception>
#include <string_view>

namespace mythos::store {

enum class Fault : std::uint8_t {
    none,
    unreachable,   // no connection, or it was cut
    timed_out,     // an answer did not come within its bound
    locked,        // another writer holds it
    disk_full,     //
    io_error,      // the file system failed
    no_access,     // user, password, permission, or read-only
    no_database,   // the server has no such database
    corrupt,       // the file is no database, or a damaged one
    schema_newer,  // a newer server has been here
    rejected,      // the database takes the connection, but not this statement
};

std::string_view name_of(Fault fault);

// Whether nothing can be done there now; otherwise it is there, and writes fail.
constexpr bool is_away(Fault fault) {
    return fault == Fault::unreachable || fault == Fault::timed_out || fault == Fault::no_access ||
           fault == Fault::no_database || fault == Fault::corrupt || fault == Fault::schema_newer;
}

// Of what SOCI threw. `connecting`: from opening a session, where the driver has text and no code.
Fault fault_of(const std::exception& thrown, bool connecting);

}  // namespace mythos::store
