// A HubLoop on a thread of its own, listening on two free loopback ports, one for monitoring alone, with a hub and a
// journal in memory.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "hub/application.hpp"
#include "journal/memory.hpp"
#include "observe/log.hpp"
#include "transport/client.hpp"
#include "transport/hub_loop.hpp"

namespace mythos::transport {

class ServedLoop {
public:
    // `clock`, if given, outlives the loop.
    explicit ServedLoop(HubLoopSettings settings = {}, hub::Settings hub = {}, const Clock* clock = nullptr,
                        AskMonitor monitor = {});
    ~ServedLoop();

    std::uint16_t port() const { return port_; }
    std::uint16_t monitor_port() const { return monitor_port_; }
    HubLoop& loop() { return *loop_; }
    hub::Handlers& handlers() { return hub::Application(*node_).handlers(); }
    std::uint64_t count(stats::Counter counter) const { return node_->count(counter); }

private:
    SystemClock system_clock_;
    const Clock& clock_;
    std::unique_ptr<observe::Logging> logging_;
    journal::MemoryJournal journal_;
    std::unique_ptr<hub::Node> node_;
    std::unique_ptr<HubLoop> loop_;
    std::thread thread_;
    std::uint16_t port_ = 0, monitor_port_ = 0;
};

}  // namespace mythos::transport
