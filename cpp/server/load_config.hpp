// The configuration from all its sources: flags over environment over TOML file over defaults.
//
// Each source is checked whole, so an error in a value that a stronger source hides is told as well. A variable that is
// set to nothing, as compose files write them, counts as not set. Reads the file and looks for mythos.toml in the
// working directory; else no state; any thread.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "server/config.hpp"
#include "server/config_file.hpp"
#include "transport/address.hpp"

namespace mythos::server {

using Environment = std::map<std::string, std::string, std::less<>>;

struct Startup {
    Config config;
    Places places;                      // of the options that were given
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
// or mythos.toml if it is there) and the environment. `file_read` is set to what was read. Gives what is wrong with
// them; not checked together.
std::vector<std::string> apply_sources(const std::string& named, const Environment& environment, Config& config,
                                       Places& places, std::string& file_read);

// For the log: what the environment seems to say and does not.
std::vector<std::string> warnings_of(const Environment& environment);

// Rules that more than one option is needed for. Error `bad_config`, which begins with the places that are known.
Result<void> check_together(const Config& config, const Places& places = {});

// Where monitoring is answered apart: monitor.listen, on the host of listen if it is a port alone.
std::optional<transport::HostPort> monitor_address(const Config& config);

// Whether the server may listen where it is asked to, by both listeners: off loopback only with authentication. Error
// `exposed_without_authentication`, which begins with the place where it is known.
Result<void> check_exposure(const Config& config, const Places& places = {});

}  // namespace mythos::server
