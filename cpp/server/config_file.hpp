// A TOML file into a Config.
//
// Every complaint has the form `FILE:LINE: KEY: what is wrong and what to do`; all of a file's are collected, so that
// one run shows them all. Reads the file, else no state; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/config.hpp"

namespace mythos::server {

using Complaints = std::vector<std::string>;

// Applies what the file says to `config`.
Complaints apply_file(const std::string& path, Config& config);

// The same from the file's text; `path` is only for the complaints.
Complaints apply_toml(std::string_view text, const std::string& path, Config& config);

// `session.grce_s: unknown option; did you mean session.grace_s?`
std::string unknown_option(std::string_view name);

}  // namespace mythos::server
