// What was written, read back: who was connected, when, why not any more.
//
// `read_history` opens a connection of its own, waits for the database, and closes it; call it where waiting harms
// nobody. Thread-safety: any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/session.hpp"
#include "store/store_url.hpp"

namespace mythos::store {

inline constexpr std::size_t kHistoryRowsMax = 100'000;

struct HistoryQuery {
    enum class Table { connections, sessions };
    Table table = Table::connections;
    std::string player_id, session_id;  // empty: any
    std::optional<WallTime> since;      // opened then or later
    std::size_t limit = 100;            // at most kHistoryRowsMax
};

// One row of either table; what only a connection has is empty in a session's.
struct HistoryRow {
    std::string connection_id, client_id, connection_type, remote_address;
    std::string player_id, session_id, server_id;
    WallTime created_at;
    std::optional<WallTime> closed_at;  // none: still open, as far as the database knows
    std::string close_reason;
    int close_code = 0;
};

// Newest first. Throws what SOCI throws.
std::vector<HistoryRow> read_rows(Session& session, const HistoryQuery& query);

// The same as a JSON array, with times in ISO 8601. Errors: `store_off`, and those of store/fault.hpp.
Result<std::string> read_history(const StoreUrl& url, const HistoryQuery& query);

}  // namespace mythos::store
