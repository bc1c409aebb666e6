#include "store/history_reader.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "store/fault.hpp"
#include "store/wall_text.hpp"
#include "store/watchdog.hpp"

namespace mythos::store {

using soci::into;
using soci::use;

namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kReadBound = seconds(30);

Error unreadable(Fault fault) {
    const std::string code(name_of(fault));
    return {code, "the store cannot be read (" + code + "): see whether its database is there"};
}

std::string statement_of(const HistoryQuery& query) {
    const bool connections = query.table == HistoryQuery::Table::connections;
    std::string text = connections ? "SELECT t.connection_id, t.client_id, t.connection_type, t.remote_address, "
                                     "t.close_code, "
                                   : "SELECT '', '', '', '', 0, ";
    text += "t.player_id, t.session_id, r.server_id, t.created_at, t.closed_at, t.close_reason FROM ";
    text += connections ? "connections" : "sessions";
    text += " t LEFT JOIN server_runs r ON r.run_id = t.run_id WHERE 1 = 1";
    if (!query.player_id.empty()) text += " AND t.player_id = :player";
    if (!query.session_id.empty()) text += " AND t.session_id = :session";
    if (query.since) text += " AND t.created_at >= :since";
    text += " ORDER BY t.created_at DESC, ";
    text += connections ? "t.connection_id" : "t.session_id";
    return text + " DESC LIMIT " + std::to_string(std::min(query.limit, kHistoryRowsMax));
}

Json json_of(const HistoryRow& row, HistoryQuery::Table table) {
    const auto text_or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    Json out = {{"player_id", row.player_id}, {"session_id", row.session_id}};
    if (table == HistoryQuery::Table::connections) {
        out["client_id"] = row.client_id;
        out["connection_id"] = row.connection_id;
        out["wire"] = row.connection_type;
        out["remote_address"] = text_or_null(row.remote_address);
        out["close_code"] = row.close_code == 0 ? Json(nullptr) : Json(row.close_code);
    }
    out["server_id"] = text_or_null(row.server_id);
    out["created_at"] = iso8601(row.created_at);
    out["closed_at"] = row.closed_at ? Json(iso8601(*row.closed_at)) : Json(nullptr);
    out["close_reason"] = text_or_null(row.close_reason);
    return out;
}

}  // namespace

std::vector<HistoryRow> read_rows(Session& session, const HistoryQuery& query) {
    HistoryRow row;
    std::string created, closed;
    soci::indicator remote_known, code_known, server_known, closed_known, reason_known;
    const std::string since = wall_text(query.since.value_or(WallTime{}));
    soci::statement reads(session.sql());
    reads.exchange(into(row.connection_id));
    reads.exchange(into(row.client_id));
    reads.exchange(into(row.connection_type));
    reads.exchange(into(row.remote_address, remote_known));
    reads.exchange(into(row.close_code, code_known));
    reads.exchange(into(row.player_id));
    reads.exchange(into(row.session_id));
    reads.exchange(into(row.server_id, server_known));
    reads.exchange(into(created));
    reads.exchange(into(closed, closed_known));
    reads.exchange(into(row.close_reason, reason_known));
    if (!query.player_id.empty()) reads.exchange(use(query.player_id, "player"));
    if (!query.session_id.empty()) reads.exchange(use(query.session_id, "session"));
    if (query.since) reads.exchange(use(since, "since"));
    reads.alloc();
    reads.prepare(statement_of(query));
    reads.define_and_bind();
    reads.execute(false);
    std::vector<HistoryRow> rows;
    while (reads.fetch()) {
        HistoryRow found = row;
        if (remote_known == soci::i_null) found.remote_address.clear();
        if (code_known == soci::i_null) found.close_code = 0;
        if (server_known == soci::i_null) found.server_id.clear();
        if (reason_known == soci::i_null) found.close_reason.clear();
        found.created_at = parse_wall_text(created).value_or(WallTime{});
        if (closed_known != soci::i_null) found.closed_at = parse_wall_text(closed);
        rows.push_back(std::move(found));
    }
    return rows;
}

Result<std::string> read_history(const StoreUrl& url, const HistoryQuery& query) {
    if (url.kind == StoreUrl::Kind::none)
        return Error{"store_off", "nothing is kept: set store.url to " + std::string(kStoreUrlForms)};
    std::error_code ignored;  // of looking
    if (url.kind == StoreUrl::Kind::sqlite && !std::filesystem::exists(url.file, ignored))
        return unreadable(Fault::unreachable);  // and not made by having been asked for
    bool connecting = true;
    try {
        Session session(url);
        connecting = false;
        Watchdog watchdog;
        watchdog.arm(kReadBound, [&] { session.interrupt(); });
        session.prepare();
        Json out = Json::array();
        for (const HistoryRow& row : read_rows(session, query)) out.push_back(json_of(row, query.table));
        return out.dump();
    } catch (const std::exception& thrown) { return unreadable(fault_of(thrown, connecting)); }
}

}  // namespace mythos::store
