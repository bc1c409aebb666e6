// A question to the history, and the store's state, between C++ and Python. With the GIL held.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <string>

#include "store/history_reader.hpp"
#include "store/store.hpp"

namespace mythos::bindings {

// `connections`: that table, else the sessions'. `since`: seconds since 1970.
store::HistoryQuery history_query(bool connections, const std::string& player_id, const std::string& session_id,
                                  std::optional<double> since, std::size_t limit);

// By the names of python/mythos/store.py, StoreStatus.
pybind11::dict probe_values(const store::StoreProbe& probe);

}  // namespace mythos::bindings
