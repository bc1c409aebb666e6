#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/core_error.hpp"
#include "bindings/register.hpp"
#include "bindings/server_core.hpp"
#include "bindings/store_values.hpp"
#include "bindings/unlocked.hpp"
#include "server/settings.hpp"

namespace mythos::bindings {

void bind_store(py::module_& module) {
    module.attr("PROGRAM_STORE_URL") = server::kProgramStoreUrl;
    module.def(
        "read_history",
        [](const std::string& url, bool connections, const std::string& player_id, const std::string& session_id,
           std::optional<double> since, std::size_t limit) {
            const auto place = value_or_raise(store::parse_store_url(url));
            const auto query = history_query(connections, player_id, session_id, since, limit);
            return py::bytes(value_or_raise([&] {
                const Unlocked unlocked;
                return store::read_history(place, query);
            }()));
        },
        py::arg("url"), py::arg("connections"), py::arg("player_id"), py::arg("session_id"), py::arg("since"),
        py::arg("limit"), "The rows of a store, newest first, as a JSON array. Lets the GIL go.");
    module.def("shown_store_url", &store::shown_store_url, py::arg("url"), "The URL without its secrets.");
}

}  // namespace mythos::bindings
