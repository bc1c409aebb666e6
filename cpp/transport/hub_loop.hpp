// One loop of the server: its events, its listener, its share of the hub.
//
// A turn: everything that is ready is handled, then `LoopCore::turn` ends it: one read of the journal, one flush a
// connection. While the hub has more to do it does not wait.
//
// Thread-safety: `run` on the loop's thread, which is the only one that touches what it drives; `wake`, `stop`,
// `drain`, `close_all`, `set_settings`, `is_empty`, those of listeners and what says so from any thread. Construct and
// `listen` before `run`.
#pragma once

#include <atomic>
#include <string>

#include "hub/loop_core.hpp"
#include "hub/node.hpp"
#include "observe/log.hpp"
#include "transport/acceptor.hpp"
#include "transport/event_loop.hpp"
#include "transport/http_connection.hpp"
#include "transport/monitor_door.hpp"
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
    Result<void> listen(Socket listener) { return listen(std::move(listener), http_, acceptor_); }
    // The same for the listener that answers monitoring and nothing else (monitor_door.hpp).
    Result<void> listen_monitoring(Socket listener) {
        return listen(std::move(listener), monitor_http_, monitor_acceptor_);
    }

    // Before `run`.
    void set_monitor(AskMonitor ask) { site_.set_monitor(std::move(ask)); }
    void set_probe(AnswerProbe probe) { site_.set_probe(std::move(probe)); }
    void set_drain(std::function<void()> drain) { site_.set_drain(std::move(drain)); }

    // Those who read the monitoring stream by this loop.
    bool has_listeners() { return site_.listeners().size() > 0; }
    void tell_listeners(std::shared_ptr<const std::string> block);

    // Any thread, while the loop lives.
    const RequestTimes& request_times() const { return site_.request_times(); }

    void run();

    // Asks the loop for a sign of life, unless it owes one already. One thread at a time.
    void ask_sign();
    // For how long it owes one; 0: it does not. Any thread.
    Duration silent_for(MonoTime now) const;
    // How long the last one took.
    Duration lag() const { return {lag_ns_.load(std::memory_order_relaxed)}; }

    void wake() { events_.wake(); }
    void stop();
    // Tells every connection to come back elsewhere, with delays spread up to `spread`. Probes are answered until the
    // end; newcomers are refused. The second time it does nothing.
    void drain(Duration spread, std::string reason);
    void set_settings(const HubLoopSettings& settings);
    // Closes every connection that is left, with 1001 and without waiting for what is owed to it.
    void close_all();
    // After `drain`: nobody is left but those who have said nothing yet.
    bool is_empty() const { return empty_.load(std::memory_order_acquire); }

private:
    Result<void> listen(Socket listener, HttpConnections& connections, Acceptor*& acceptor);
    void rest();
    void end_turn();
    bool is_left_alone() const;

    EventLoop events_;
    hub::LoopCore core_;
    protocol::WsInflateScratch inflate_scratch_;
    StreamContext streams_;
    Site site_;
    MonitorDoor monitor_door_{site_};
    HttpConnections http_, monitor_http_;
    Acceptor* acceptor_ = nullptr;
    Acceptor* monitor_acceptor_ = nullptr;
    MonoTime rest_until_{};
    bool more_to_do_ = false;
    bool stopped_ = false;
    bool draining_ = false;
    std::atomic<bool> empty_{false};
    std::atomic<std::int64_t> asked_ns_{0}, lag_ns_{0};  // 0: no sign is owed
};

}  // namespace mythos::transport
