// The configuration from all its sources: flags over environment over TOML file over defaults.
//
// Each source is checked whole, so an error in a value that a stronger source hides is told as well. Reads the file and
// looks for mythos.toml in the working directory; else no state; any thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "server/config.hpp"

namespace mythos::server {

using Environment = std::map<std::string, std::string, std::less<>>;

struct Startup {
    Config config;
    std::string config_file;            // what was read; empty: none
    std::string port_file;              // --port-file; empty: not asked for
    std::vector<std::string> warnings;  // for the log
    std::string print;                  // not empty: goes to standard output, and the program ends with 0
};

Environment process_environment();

// `arguments` without the program's name. Error `bad_config`: one complaint a line, with file, line and key, or flag,
// or variable. At SIGHUP it is called again with the same arguments.
Result<Startup> load_config(std::span<const std::string> arguments, const Environment& environment);

// The sources that need no command line, weakest first: the file (`named`; if empty the one that MYTHOS_CONFIG names,
// or mythos.toml if it is there) and the environment. `file_read` is set to what was read. Not checked together.
std::vector<std::string> apply_sources(const std::string& named, const Environment& environment, Config& config,
                                       std::string& file_read);

// What the environment seems to say and does not, for the log.
std::vector<std::string> unknown_variables(const Environment& environment);

// Rules that more than one option is needed for. Error `bad_config`.
Result<void> check_together(const Config& config);

// Whether the server may listen where it is asked to: off loopback only with authentication. Error
// `exposed_without_authentication`.
Result<void> check_exposure(const Config& config);

}  // namespace mythos::server
