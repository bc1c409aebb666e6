// A TOML file into a Config.
//
// Every complaint has the form `FILE:LINE: KEY: what is wrong and what to do`; all of a file's are collected, so that
// one run shows them all. Reads the file, else no state; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/config.hpp"

namespace mythos::server {

using Complaints = std::vector<std::string>;
// By option: where its value came from last, as `FILE:LINE`, `environment variable NAME` or `--flag`.
using Places = std::map<std::string, std::string, std::less<>>;

// Applies what the file says to `config`, and notes in `places` where it says so.
Complaints apply_file(const std::string& path, Config& config, Places& places);

// The same from the file's text; `path` is only for complaints and places.
Complaints apply_toml(std::string_view text, const std::string& path, Config& config, Places& places);

// `session.grce_s: unknown option; did you mean session.grace_s?`
std::string unknown_option(std::string_view name);

}  // namespace mythos::server
