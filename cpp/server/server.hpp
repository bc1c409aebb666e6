// The running server: journal, hub, one thread a loop, their listeners.
//
// `start` returns when every loop listens. Then: `reload` at will, `drain` and poll `is_drained`, `close_all`, and
// destroy, which ends the threads at once. Thread-safety: one thread at a time; what `application` gives, from any
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "hub/application.hpp"
#include "hub/node.hpp"
#include "hub/settings.hpp"
#include "journal/journal.hpp"
#include "monitor/monitor.hpp"
#include "observe/log.hpp"
#include "store/store.hpp"
#include "transport/hub_loop.hpp"

namespace mythos::server {

struct ServerSettings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8000;  // 0: any free one
    std::uint32_t loops = 0;    // 0: one a core
    hub::Settings hub;
    transport::HubLoopSettings loop;
    journal::Retention retention;
    store::StoreSettings store;
};

class Server {
public:
    // `clock` and `logging` outlive the server. Errors: those of `listen_tcp`, and `schema_newer`. Whether it may
    // listen there is for the configuration to say (load_config.hpp, check_exposure).
    static Result<std::unique_ptr<Server>> start(const ServerSettings& settings, const Clock& clock,
                                                 observe::Logging& logging);
    ~Server();

    std::uint16_t port() const { return port_; }
    std::size_t loops() const { return loops_.size(); }

    // What can change while it runs, effective from the next turn of each loop.
    void reload(const ServerSettings& settings);

    // For an application in the same process; valid until destruction.
    hub::Application application() { return hub::Application(*node_); }

    // The history; null where none is kept. Valid until destruction.
    store::Store* store() { return store_.get(); }

    // Stops accepting and asks everybody to come back later, spread over `spread`.
    void drain(Duration spread, const std::string& reason);
    bool is_drained() const;
    // Tells everybody who is left that it is over; poll `is_drained` for their farewells.
    void close_all();

private:
    Server(const ServerSettings& settings, const Clock& clock, observe::Logging& logging);
    Result<void> listen(const ServerSettings& settings);
    Result<void> keep_history(const ServerSettings& settings, observe::Log& log);
    void run();

    std::unique_ptr<store::Store> store_;
    std::unique_ptr<journal::Journal> journal_;
    std::unique_ptr<hub::Node> node_;
    std::vector<std::unique_ptr<transport::HubLoop>> loops_;
    std::vector<std::thread> threads_;
    std::unique_ptr<monitor::Monitor> monitor_;  // answers through the loops
    std::uint16_t port_ = 0;
};

}  // namespace mythos::server
