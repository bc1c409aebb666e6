// The server under measurement: where it listens, how it is spoken to, which processes it is.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace mythos::bench {

// `mythos`: welcomes, subscriptions, cursors. `plain`: whoever connects receives everything, at once.
enum class Dialect { mythos, plain };

struct Target {
    sockaddr_in address{};
    std::string host;  // HOST:PORT, as in the Host header
    Dialect dialect = Dialect::mythos;
    std::vector<pid_t> pids;
};

// `host_port` as 127.0.0.1:8000. Throws Failure off loopback: nothing else is ever loaded.
Target parse_target(std::string_view host_port, Dialect dialect, std::vector<pid_t> pids);

// Where the load comes from: 127.0.0.2, .3, … in turn, so that ports do not run out.
in_addr source_address(std::size_t index);

}  // namespace mythos::bench
