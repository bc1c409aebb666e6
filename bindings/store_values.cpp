#include "bindings/store_values.hpp"

namespace mythos::bindings {

namespace py = pybind11;

namespace {

py::object word_or_none(store::Fault fault) {
    if (fault == store::Fault::none) return py::none();
    return py::str(std::string(name_of(fault)));
}

}  // namespace

store::HistoryQuery history_query(bool connections, const std::string& player_id, const std::string& session_id,
                                  std::optional<double> since, std::size_t limit) {
    store::HistoryQuery query;
    query.table = connections ? store::HistoryQuery::Table::connections : store::HistoryQuery::Table::sessions;
    query.player_id = player_id;
    query.session_id = session_id;
    if (since) query.since = WallTime{static_cast<std::int64_t>(*since * 1e9)};
    query.limit = limit;
    return query;
}

py::dict probe_values(const store::StoreProbe& probe) {
    py::dict dropped;
    for (std::size_t i = 0; i < store::kDrops.size(); ++i)
        dropped[py::str(std::string(store::kDrops[i]))] = probe.dropped[i];
    py::dict values;
    values["status"] = std::string(name_of(probe.status));
    values["response_time_ms"] = probe.response_time_ms;
    values["connection_count"] = probe.connection_count;
    values["error"] = word_or_none(probe.fault);
    values["last_error"] = word_or_none(probe.last_fault);
    values["queue_length"] = probe.queue_length;
    values["written"] = probe.written;
    values["dropped"] = dropped;
    return values;
}

}  // namespace mythos::bindings
