// A SQLite database of a test, its events, and what stands in it.
#pragma once

#include <string>

#include "observe/temporary.hpp"
#include "store/event.hpp"
#include "store/history_reader.hpp"
#include "store/history_writer.hpp"
#include "store/schema.hpp"

namespace mythos::store {

inline constexpr WallTime kDay{1'767'657'600'000'000'000};  // 2026-01-06

inline WallTime at(std::int64_t s) { return {kDay.ns + s * 1'000'000'000}; }

inline Event session_event(Event::Kind kind, std::string id, std::int64_t created, std::int64_t closed = 0) {
    return {.kind = kind,
            .reason = "expired",
            .created_at = at(created),
            .closed_at = at(closed),
            .player_id = "ann",
            .session_id = std::move(id)};
}

inline Event connection_event(Event::Kind kind, std::string id, std::int64_t created, std::int64_t closed = 0) {
    return {.kind = kind,
            .wire = protocol::Wire::sse,
            .close_code = 4004,
            .reason = "heartbeat_missed",
            .created_at = at(created),
            .closed_at = at(closed),
            .player_id = "ann",
            .session_id = "s_1",
            .client_id = "tab",
            .connection_id = std::move(id),
            .remote = kind == Event::Kind::connection_opened ? "127.0.0.1:5" : ""};
}

class Database {
public:
    StoreUrl url() const { return parse_store_url("sqlite:///" + directory.path("some/where/history.db")).value(); }

    std::string connections(HistoryQuery query = {}) const { return read_history(url(), query).value(); }
    std::string sessions() const { return read_history(url(), {.table = HistoryQuery::Table::sessions}).value(); }

    test::TemporaryDirectory directory;
};

}  // namespace mythos::store
