#include "bindings/option_values.hpp"

#include <pybind11/stl.h>

#include <optional>

#include "bindings/core_error.hpp"
#include "server/config_file.hpp"
#include "server/load_config.hpp"
#include "server/options.hpp"

namespace mythos::bindings {

namespace py = pybind11;
using server::Option;
using server::OptionValue;
using server::TextList;

namespace {

std::optional<OptionValue> list_value(const py::sequence& values) {
    TextList list;
    for (const py::handle each : values) {
        if (!py::isinstance<py::str>(each)) return std::nullopt;
        list.push_back(each.cast<std::string>());
    }
    return list;
}

std::optional<OptionValue> read_value(const py::handle value) {
    if (py::isinstance<py::bool_>(value)) return value.cast<bool>();
    if (py::isinstance<py::int_>(value)) {
        int overflow = 0;
        const long long number = PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
        if (overflow != 0) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (py::isinstance<py::float_>(value)) return value.cast<double>();
    if (py::isinstance<py::str>(value)) return value.cast<std::string>();
    if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value))
        return list_value(py::reinterpret_borrow<py::sequence>(value));
    return std::nullopt;
}

}  // namespace

OptionComplaints assign_options(const py::dict& options, server::Config& config) {
    OptionComplaints complaints;
    for (const auto& [key, given] : options) {
        const auto name = py::str(key).cast<std::string>();
        const Option* option = server::find_option(name);
        if (option == nullptr) {
            const std::string complaint = server::unknown_option(name);
            complaints.emplace_back(name, complaint.substr(name.size() + 2));
            continue;
        }
        const auto value = read_value(given);
        if (!value) {
            complaints.emplace_back(name, "must be " + server::expected_by(*option));
            continue;
        }
        if (const auto assigned = server::assign(*option, config, *value); !assigned)
            complaints.emplace_back(name, assigned.error().message);
    }
    if (!complaints.empty()) return complaints;
    if (const auto fits = server::check_together(config); !fits) complaints.emplace_back("", fits.error().message);
    return complaints;
}

py::object option_value(const Option& option, const server::Config& config) {
    server::Config copy = config;
    return std::visit([&](auto member) -> py::object { return py::cast(member(copy)); }, option.member);
}

py::dict option_values(const server::Config& config) {
    py::dict values;
    for (const Option& option : server::all_options())
        values[py::str(option.name.data(), option.name.size())] = option_value(option, config);
    return values;
}

void raise_complaints(const OptionComplaints& complaints) {
    std::string message;
    for (const auto& [option, complaint] : complaints) {
        if (!message.empty()) message += '\n';
        message += option.empty() ? complaint : option + ": " + complaint;
    }
    raise_core_error({"bad_config", message});
}

server::Config checked_config(const py::dict& options) {
    server::Config config;
    const OptionComplaints complaints = assign_options(options, config);
    if (!complaints.empty()) raise_complaints(complaints);
    return config;
}

}  // namespace mythos::bindings
