#include "server/server.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "journal/memory.hpp"
#include "observe/error_tracker.hpp"
#include "transport/authenticate.hpp"
#include "transport/socket.hpp"

namespace mythos::server {
namespace {

constexpr int kEpochBits = 30;  // six characters; an epoch is told from those that a client may still remember

std::uint32_t loop_count(const ServerSettings& settings) {
    const std::uint32_t wanted = settings.loops != 0 ? settings.loops : std::thread::hardware_concurrency();
    return std::clamp(wanted, 1u, kLoopsMax);
}

transport::ListenOptions listen_options(const ServerSettings& settings) {
    transport::ListenOptions options;
    options.host = settings.host;
    options.port = settings.port;
    options.user_timeout = settings.loop.user_timeout;
    return options;
}

}  // namespace

Server::Server(const ServerSettings& settings, const Clock& clock, observe::Logging& logging) {
    const std::uint32_t count = loop_count(settings);
    journal_ = std::make_unique<journal::MemoryJournal>(random_name("", kEpochBits), settings.retention);
    node_ = std::make_unique<hub::Node>(*journal_, clock, settings.hub, count);
    observe::Log& log = logging.named("server.realtime.connection_manager");
    node_->errors().set_log(log);
    for (std::uint32_t index = 0; index < count; ++index) {
        loops_.push_back(std::make_unique<transport::HubLoop>(*node_, index, clock, settings.loop,
                                                              transport::authenticate_none(), log));
    }
    node_->start();
    monitor_ = std::make_unique<monitor::Monitor>(*node_, clock);
    for (auto& loop : loops_)
        loop->set_metrics([this](auto answer) { return monitor_->ask_metrics(std::move(answer)); });
}

Result<std::unique_ptr<Server>> Server::start(const ServerSettings& settings, const Clock& clock,
                                              observe::Logging& logging) {
    std::unique_ptr<Server> server(new Server(settings, clock, logging));
    if (auto listening = server->listen(settings); !listening) return listening.error();
    server->run();
    return server;
}

Result<void> Server::listen(const ServerSettings& settings) {
    transport::ListenOptions options = listen_options(settings);
    if (auto free = transport::check_address_is_free(options); !free) return free;
    for (auto& loop : loops_) {
        auto listener = transport::listen_tcp(options);
        if (!listener) return listener.error();
        port_ = options.port = transport::local_port(*listener);
        if (auto taken = loop->listen(std::move(*listener)); !taken) return taken;
    }
    return {};
}

void Server::run() {
    for (auto& loop : loops_) threads_.emplace_back([&loop] { loop->run(); });
}

Server::~Server() {
    for (auto& loop : loops_) loop->stop();
    for (auto& thread : threads_) thread.join();
}

void Server::reload(const ServerSettings& settings) {
    node_->reload(settings.hub);
    for (auto& loop : loops_) loop->set_settings(settings.loop);
}

void Server::drain(Duration spread, const std::string& reason) {
    for (auto& loop : loops_) loop->drain(spread, reason);
}

void Server::close_all() {
    for (auto& loop : loops_) loop->close_all();
}

bool Server::is_drained() const {
    return std::all_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->is_empty(); });
}

}  // namespace mythos::server
