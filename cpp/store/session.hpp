// One connection to the database over SOCI, SQLite or PostgreSQL, and the few words in which the two differ.
//
// Not thread-safe but for `interrupt`, which any thread may call while another waits in a statement. Everything throws
// what SOCI throws; store/fault.hpp makes words of it.
#pragma once

#include <soci/soci.h>

#include <string>

#include "store/store_url.hpp"

namespace mythos::store {

class Session {
public:
    // Connects, within libpq's `connect_timeout`; makes the directory of a SQLite file. Call `prepare` next, which is
    // the first that `interrupt` can end.
    explicit Session(const StoreUrl& url);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void prepare();
    soci::session& sql() { return sql_; }

    // Begins a transaction in which only one server at a time decides about the schema.
    void begin_alone();

    // Ends the statement that waits now, by an error; the session is of no use afterwards.
    void interrupt();

private:
    const StoreUrl::Kind kind_;
    soci::session sql_;
    int socket_ = -1;  // a descriptor of its own for libpq's socket: libpq may close its one at any moment
};

}  // namespace mythos::store
