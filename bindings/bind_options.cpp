// The table of options, and the core's own readers for what the configuration comes from.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>
#include <string>

#include "bindings/option_values.hpp"
#include "bindings/register.hpp"
#include "server/config_file.hpp"
#include "server/load_config.hpp"
#include "server/options.hpp"

namespace mythos::bindings {

namespace py = pybind11;

namespace {

py::list option_table() {
    const server::Config defaults;
    py::list table;
    for (const server::Option& option : server::all_options()) {
        py::dict row;
        row["name"] = py::str(std::string(option.name));
        row["default"] = option_value(option, defaults);
        row["live"] = option.live;
        row["secret"] = server::is_secret(option);
        row["environment"] = server::environment_name(option);
        row["guide_name"] = py::str(std::string(option.guide_name));
        row["expected"] = server::expected_by(option);
        row["help"] = py::str(std::string(option.help));
        table.append(std::move(row));
    }
    return table;
}

// What differs from the defaults: only that can outweigh a weaker source.
py::dict said(const server::Config& config) {
    const server::Config defaults;
    py::dict values;
    for (const server::Option& option : server::all_options()) {
        if (server::text_of(option, config) != server::text_of(option, defaults))
            values[py::str(std::string(option.name))] = option_value(option, config);
    }
    return values;
}

py::tuple read_sources(const std::string& config_file, const std::map<std::string, std::string>& environment) {
    const server::Environment variables(environment.begin(), environment.end());
    server::Config config;
    std::string file_read;
    server::Places places;
    const auto complaints = server::apply_sources(config_file, variables, config, places, file_read);
    return py::make_tuple(said(config), complaints, server::warnings_of(variables), file_read);
}

py::tuple check_options(const py::dict& options) {
    server::Config config;
    const OptionComplaints complaints = assign_options(options, config);
    return py::make_tuple(option_values(config), complaints);
}

std::string check_exposure(const py::dict& options) {
    server::Config config;
    if (const OptionComplaints complaints = assign_options(options, config); !complaints.empty())
        raise_complaints(complaints);
    const auto exposure = server::check_exposure(config);
    return exposure ? "" : exposure.error().message;
}

}  // namespace

void bind_options(py::module_& module) {
    module.def("option_table", &option_table, "One dict an option, in the order of the reference page.");
    module.def("read_sources", &read_sources, py::arg("config_file"), py::arg("environment"),
               "(values that differ from the defaults, complaints, warnings, file that was read)");
    module.def("check_options", &check_options, py::arg("options"),
               "(every option's value, complaints as (option or empty, what is wrong))");
    module.def("check_exposure", &check_exposure, py::arg("options"),
               "Why a server may not listen where these options say; empty: it may.");
}

}  // namespace mythos::bindings
