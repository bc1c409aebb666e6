// What `GET /monitoring/stream` says once a second: how the server is now, and what happened since the event before.
//
// Thread-safety: one thread, the monitor's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hub/node.hpp"
#include "monitor/statistics.hpp"

namespace mythos::monitor {

// The way to those who listen, wherever their sockets are; any thread.
struct Listeners {
    std::function<bool()> anyone = [] { return false; };
    std::function<void(std::shared_ptr<const std::string> block)> tell = [](const auto&) {};
};

class StreamEvents {
public:
    // `node` and `statistics` outlive it.
    StreamEvents(hub::Node& node, const Statistics& statistics) : node_(node), statistics_(statistics) {}

    // An SSE block whose data is one JSON object. Call after a tick of the statistics.
    std::string next(WallTime wall);

private:
    // Totals at the event before.
    struct Totals {
        std::uint64_t opened = 0, written = 0, failed = 0, requests = 0, errors = 0;
    };
    Totals totals() const;

    hub::Node& node_;
    const Statistics& statistics_;
    Totals before_;
    std::optional<MonoTime> before_at_;
};

}  // namespace mythos::monitor
