// Between Python's values and the table of options. What a value may be is the table's to say; complaints are its
// words, each with the option's name before it. With the GIL held.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <utility>
#include <vector>

#include "server/config.hpp"
#include "server/option.hpp"

namespace mythos::bindings {

// (option, what is wrong); the option is empty where more than one are at fault.
using OptionComplaints = std::vector<std::pair<std::string, std::string>>;

// Puts {"session.grace_s": 5, …} into `config`, each of its values that is right; where all are, says whether they fit
// together.
OptionComplaints assign_options(const pybind11::dict& options, server::Config& config);

// The defaults with `options`. CoreError `bad_config`.
server::Config checked_config(const pybind11::dict& options);

pybind11::object option_value(const server::Option& option, const server::Config& config);
pybind11::dict option_values(const server::Config& config);

// Raises CoreError `bad_config`, one complaint a line.
[[noreturn]] void raise_complaints(const OptionComplaints& complaints);

}  // namespace mythos::bindings
