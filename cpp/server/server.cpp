#include "server/server.hpp"

#include <limits.h>
#include <unistd.h>

#include <algorithm>

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "journal/memory.hpp"
#include "monitor/log_metrics.hpp"
#include "monitor/store_metrics.hpp"
#include "server/event_lines.hpp"
#include "transport/authenticate.hpp"
#include "transport/socket.hpp"

namespace mythos::server {
namespace {

constexpr int kEpochBits = 30;  // six characters; an epoch is told from those that a client may still remember

std::uint32_t loop_count(const ServerSettings& settings) {
    const std::uint32_t wanted = settings.loops != 0 ? settings.loops : std::thread::hardware_concurrency();
    return std::clamp(wanted, 1u, kLoopsMax);
}

std::string host_name() {
    char name[HOST_NAME_MAX + 1] = {};
    return ::gethostname(name, HOST_NAME_MAX) == 0 ? name : "localhost";
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
    node_->set_on_fault([&log](std::string_view what) { log.error("Operation failed", {{"fault", what}}); });
    node_->set_on_event([&log](const hub::HubEvent& event) { log_event(log, event); });
    for (std::uint32_t index = 0; index < count; ++index) {
        loops_.push_back(std::make_unique<transport::HubLoop>(*node_, index, clock, settings.loop,
                                                              transport::authenticate_none(), log));
    }
    node_->start();
    monitor_ = std::make_unique<monitor::Monitor>(*node_, clock);
    monitor_->metrics().add([&logging](auto& all) { monitor::add_log_metrics(all, logging); });
    for (auto& loop : loops_)
        loop->set_monitor(
            [this](auto request, auto answer) { return monitor_->ask(std::move(request), std::move(answer)); });
}

Result<std::unique_ptr<Server>> Server::start(const ServerSettings& settings, const Clock& clock,
                                              observe::Logging& logging) {
    std::unique_ptr<Server> server(new Server(settings, clock, logging));
    if (auto listening = server->listen(settings); !listening) return listening.error();
    if (auto kept = server->keep_history(settings, logging.named("server.database")); !kept) return kept.error();
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

Result<void> Server::keep_history(const ServerSettings& settings, observe::Log& log) {
    if (settings.store.url.kind == store::StoreUrl::Kind::none) return {};
    store::StoreSettings wanted = settings.store;
    // Two servers that live at once cannot have the same of these.
    if (wanted.server_id.empty()) wanted.server_id = host_name() + ":" + std::to_string(port_);
    auto started = store::Store::start(wanted, log);
    if (!started) return started.error();
    store_ = std::move(*started);
    node_->set_history(store_->events());
    monitor_->metrics().add([this](auto& all) { monitor::add_store_metrics(all, store_->probe()); });
    return {};
}

void Server::run() {
    monitor_->start();
    for (auto& loop : loops_) threads_.emplace_back([&loop] { loop->run(); });
}

Server::~Server() {
    for (auto& loop : loops_) loop->stop();
    for (auto& thread : threads_) thread.join();
    // Nobody pushes any more.
    if (store_ != nullptr) store_->stop();
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
