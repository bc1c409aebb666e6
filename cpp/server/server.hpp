// The running server: journal, hub, one thread a loop, their listeners.
//
// `start` returns when every loop listens. Then: `reload` at will, `drain` and poll `is_drained`, `close_all`, and
// destroy, which ends the threads at once. Thread-safety: one thread at a time; what `application` gives, from any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "hub/application.hpp"
#include "hub/node.hpp"
#include "hub/settings.hpp"
#include "journal/journal.hpp"
#include "monitor/alert_board.hpp"
#include "monitor/certificates.hpp"
#include "monitor/health_checker.hpp"
#include "monitor/monitor.hpp"
#include "monitor/probe_view.hpp"
#include "observe/log.hpp"
#include "server/config_view.hpp"
#include "store/store.hpp"
#include "transport/address.hpp"
#include "transport/hub_loop.hpp"

namespace mythos::server {

struct ServerSettings {
    transport::HostPort listen{"127.0.0.1", 8000};  // port 0: any free one
    std::optional<transport::HostPort> monitor;     // where monitoring is answered apart; nothing: nowhere
    std::uint32_t loops = 0;                        // 0: one a core
    hub::Settings hub;
    transport::HubLoopSettings loop;
    journal::Retention retention;
    store::StoreSettings store;
    Duration health_interval = seconds(10);  // of the server's own checks
    Duration sample_interval = seconds(1);   // of what the process takes of the machine
    std::vector<std::string> certificates;   // files whose expiry is watched
    Duration drain_spread = seconds(5);      // of a drain that is asked for by HTTP
    std::string configuration = "{}";        // what is told of it: config_json
};

class Server {
public:
    // `clock` and `logging` outlive the server. Errors: those of `listen_tcp`, and `schema_newer`. Whether it may
    // listen there is for the configuration to say (load_config.hpp, check_exposure).
    static Result<std::unique_ptr<Server>> start(const ServerSettings& settings, const Clock& clock,
                                                 observe::Logging& logging);
    ~Server();

    std::uint16_t port() const { return port_; }
    // Of the listener for monitoring; 0: there is none.
    std::uint16_t monitor_port() const { return monitor_port_; }
    std::size_t loops() const { return loops_.size(); }

    // What can change while it runs, effective from the next turn of each loop.
    void reload(const ServerSettings& settings);

    // What the monitoring routes answer, for an application in the same process. `answer` is called once on the
    // monitor's thread, or never if the server ends before. False: too many ask. Any thread.
    bool ask_monitor(transport::MonitorRequest request, monitor::Monitor::Answer answer) {
        return monitor_->ask(std::move(request), std::move(answer));
    }

    // For an application in the same process; valid until destruction.
    hub::Application application() { return hub::Application(*node_); }

    // The history; null where none is kept. Valid until destruction.
    store::Store* store() { return store_.get(); }

    // Where the application's own components are added and reported; from any thread, valid until destruction.
    observe::HealthBoard& health() { return health_->board(); }
    // As GET /health/detailed answers; from any thread.
    std::string health_json() const { return probes_->detailed({}).value().body; }
    observe::ErrorTracker& errors() { return node_->errors(); }
    // What GET /metrics tells; from any thread but the loops' and the monitor's, which it waits for.
    std::vector<prometheus::MetricFamily> collect() { return monitor_->collect(); }
    // Where the alert engine of an application in the same process tells what it has found; from any thread.
    monitor::AlertBoard& alerts() { return alerts_; }
    // As GET /monitoring/errors answers; from any thread but the loops', which waits for the monitor's. Error
    // `overloaded`.
    Result<std::string> errors_json(std::size_t recent_max);

    // Asks everybody to come back later, spread over `spread`, and lets nobody in any more; probes are answered. Any
    // thread; the second time it does nothing.
    void drain(Duration spread, const std::string& reason);
    bool is_drained() const;
    // Tells everybody who is left that it is over; poll `is_drained` for their farewells.
    void close_all();

private:
    Server(const ServerSettings& settings, const Clock& clock, observe::Logging& logging);
    Result<void> listen(const ServerSettings& settings);
    Result<void> listen_monitoring(const transport::HostPort& at, const ServerSettings& settings);
    Result<void> keep_history(const ServerSettings& settings, observe::Log& log);
    void run();
    void watch(observe::Logging& logging);

    monitor::Transitions transitions_;
    monitor::AlertBoard alerts_;
    ConfigBoard configuration_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<journal::Journal> journal_;
    std::unique_ptr<hub::Node> node_;
    std::vector<std::unique_ptr<transport::HubLoop>> loops_;
    std::vector<std::thread> threads_;
    std::unique_ptr<monitor::Certificates> certificates_;
    std::unique_ptr<monitor::HealthChecker> health_;
    std::unique_ptr<monitor::ProbeView> probes_;
    std::unique_ptr<monitor::Monitor> monitor_;  // answers through the loops
    std::atomic<bool> has_room_{true};
    std::atomic<std::int64_t> drain_spread_ns_;
    const Clock& clock_;
    std::uint16_t port_ = 0, monitor_port_ = 0;
};

}  // namespace mythos::server
