// The process's signals as something to wait for, instead of handlers.
//
// Construct it first in main, before any thread: threads inherit the mask that keeps these signals from them.
// Thread-safety: `wait` from one thread.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "transport/socket.hpp"

namespace mythos::server {

enum class Signal { terminate, hang_up };

class Signals {
public:
    // Blocks SIGTERM, SIGINT and SIGHUP, and ignores SIGPIPE.
    Signals();

    // The next signal; nothing after `timeout`. Without a timeout it waits for ever.
    std::optional<Signal> wait(std::optional<Duration> timeout = std::nullopt);

private:
    transport::Socket descriptor_;  // a signalfd
};

}  // namespace mythos::server
