// What mythosd's arguments say, not yet checked against the options' rules.
//
// `--config FILE`, `--port-file FILE`, `--help`, `--version`, `--reference`, and every option of the table under its
// own name (`--session.grace_s 30`; a list's flag may be repeated). No state; any thread.
#pragma once

#include <map>
#include <span>
#include <string>

#include "base/result.hpp"

namespace mythos::server {

struct CommandLine {
    std::string config_file;                     // empty: not given
    std::string port_file;                       // gets the listener's port as soon as it is open; for test benches
    std::string print;                           // not empty: goes to standard output, and the program ends
    std::map<std::string, std::string> options;  // by name, as text
};

// `arguments` without the program's name. Error `bad_arguments`: one line that names the argument.
Result<CommandLine> parse_command_line(std::span<const std::string> arguments);

}  // namespace mythos::server
