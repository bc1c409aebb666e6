// What a ServerCore has while it runs; for the files that define its methods.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "bindings/server_core.hpp"
#include "bindings/unlocked.hpp"
#include "hub/application.hpp"

namespace mythos::bindings {

struct ServerCore::Running {
    Result<void> start();

    hub::Application application() { return server->application(); }

    void note_limits() { message_bytes_max = static_cast<std::size_t>(config.limits.body_bytes); }

    SystemClock clock;
    std::mutex mutex;  // guards config, and those calls of `server` that want one thread at a time
    server::Config config;
    std::atomic<std::size_t> message_bytes_max{0};  // of one that is published
    std::uint64_t descriptors = 0;
    std::unique_ptr<observe::Logging> logging;
    std::unique_ptr<server::Server> server;
};

template <class F>
auto ServerCore::unlocked(F&& f) const {
    auto server = running();
    const Unlocked released;
    auto result = f(*server);
    server.reset();  // the last user ends it, and must not hold the GIL then
    return result;
}

}  // namespace mythos::bindings
