// One loop of the server: its events, its listener, its share of the hub.
//
// A turn: everything that is ready is handled, then `LoopCore::turn` ends it: one read of the journal, one flush a
// connection. While the hub has more to do it does not wait.
//
// Thread-safety: `run` on the loop's thread, which is the only one that touches what it drives; `wake`, `stop`,
// `drain`, `close_all`, `set_settings` and `is_empty` from any thread. Construct and `listen` before `run`.
#pragma once

#include <atomic>
#include <string>

#include "hub/loop_core.hpp"
#include "hub/node.hpp"
#include "observe/log.hpp"
#include "transport/acceptor.hpp"
#include "transport/event_loop.hpp"
#include "transport/http_connection.hpp"
#include "transport/site.hpp"
#include "transport/stream_connection.hpp"

namespace mythos::transport {

struct HubLoopSettings {
    SiteSettings site;
    std::size_t message_bytes_max = std::size_t{1} << 20;  // of one WebSocket message
    Duration user_timeout{};                               // of the sockets to come, as ListenOptions says
};

class HubLoop {
public:
    // What is referred to outlives the loop.
    HubLoop(hub::Node& node, std::uint32_t index, const Clock& clock, const HubLoopSettings& settings,
            Authenticate authenticate, observe::Log& log);

    // Error `listen_failed`: the system has no room for it.
    Result<void> listen(Socket listener);

    // Before `run`.
    void set_monitor(AskMonitor ask) { site_.set_monitor(std::move(ask)); }

    void run();

    void wake() { events_.wake(); }
    void stop();
    // Stops accepting, and tells every connection to come back elsewhere, with delays spread up to `spread`.
    void drain(Duration spread, std::string reason);
    void set_settings(const HubLoopSettings& settings);
    // Closes every connection that is left, with 1001 and without waiting for what is owed to it.
    void close_all();
    // After `drain`: no connection of any kind is left.
    bool is_empty() const { return empty_.load(std::memory_order_acquire); }

private:
    void rest();
    void end_turn();

    EventLoop events_;
    hub::LoopCore core_;
    protocol::WsInflateScratch inflate_scratch_;
    StreamContext streams_;
    Site site_;
    HttpConnections http_;
    Acceptor* acceptor_ = nullptr;
    MonoTime next_rest_told_{};
    MonoTime rest_until_{};
    bool more_to_do_ = false;
    bool stopped_ = false;
    bool draining_ = false;
    std::atomic<bool> empty_{false};
};

}  // namespace mythos::transport
