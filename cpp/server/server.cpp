#include "server/server.hpp"

#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <utility>

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "journal/memory.hpp"
#include "monitor/health_checks.hpp"
#include "monitor/health_metrics.hpp"
#include "monitor/log_metrics.hpp"
#include "monitor/store_metrics.hpp"
#include "observe/error_tracker.hpp"
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

transport::ListenOptions listen_options(const transport::HostPort& at, const ServerSettings& settings) {
    transport::ListenOptions options;
    options.host = at.host;
    options.port = at.port;
    options.user_timeout = settings.loop.user_timeout;
    return options;
}

Error placed(const transport::HostPort& at, const Error& error) {
    return {error.code, transport::format_host_port(at.host, at.port) + ": " + error.message};
}

}  // namespace

Server::Server(const ServerSettings& settings, const Clock& clock, observe::Logging& logging)
    : alerts_(clock, transitions_), drain_spread_ns_(settings.drain_spread.ns), clock_(clock) {
    const std::uint32_t count = loop_count(settings);
    journal_ = std::make_unique<journal::MemoryJournal>(random_name("", kEpochBits), settings.retention);
    node_ = std::make_unique<hub::Node>(*journal_, clock, settings.hub, count);
    observe::Log& log = logging.named("server.realtime.connection_manager");
    node_->errors().set_log(log);
    node_->errors().set_log_of("HTTP request refused", logging.named("server.api"));
    node_->errors().set_log_of("Health check failed", logging.named("server.monitoring"));
    node_->set_on_event([&log](const hub::HubEvent& event) { log_event(log, event); });
    for (std::uint32_t index = 0; index < count; ++index) {
        loops_.push_back(std::make_unique<transport::HubLoop>(*node_, index, clock, settings.loop,
                                                              transport::authenticate_none(), log));
    }
    node_->start();
    std::vector<const transport::RequestTimes*> request_times;
    for (const auto& loop : loops_) request_times.push_back(&loop->request_times());
    monitor_ = std::make_unique<monitor::Monitor>(*node_, clock, transitions_, std::move(request_times));
    monitor_->set_sample_interval(settings.sample_interval);
    monitor_->metrics().add([&logging](auto& all) { monitor::add_log_metrics(all, logging); });
    for (auto& loop : loops_)
        loop->set_monitor(
            [this](auto request, auto answer) { return monitor_->ask(std::move(request), std::move(answer)); });
    monitor::Listeners listeners;
    listeners.anyone = [this] {
        return std::any_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->has_listeners(); });
    };
    listeners.tell = [this](const std::shared_ptr<const std::string>& block) {
        for (const auto& loop : loops_) loop->tell_listeners(block);
    };
    monitor_->set_listeners(std::move(listeners));
    health_ = std::make_unique<monitor::HealthChecker>(clock, logging.named("server.monitoring"), node_->errors(),
                                                       settings.health_interval);
    health_->on_change([this](const std::string& component, observe::Health from, observe::Health to) {
        transitions_.note({clock_.wall(), "health", component, std::string(name_of(from)), std::string(name_of(to))});
    });
    certificates_ = std::make_unique<monitor::Certificates>(settings.certificates, node_->errors(),
                                                            logging.named("server.monitoring"));
    monitor_->metrics().add([this](auto& all) { certificates_->add_metrics(all); });
    watch(logging);
    monitor_->metrics().add([this](auto& all) { monitor::add_health_metrics(all, health_->report()); });
    add_probe_views(monitor_->answers(), *probes_);
    monitor_->metrics().add([this](auto& all) { alerts_.add_metrics(all); });
    add_alert_view(monitor_->answers(), alerts_);
    configuration_.tell(settings.configuration);
    add_config_view(monitor_->answers(), configuration_);
}

// What the server checks of itself, and what the probes see of it.
void Server::watch(observe::Logging& logging) {
    health_->each_second([this](MonoTime) {
        for (auto& loop : loops_) loop->ask_sign();
        has_room_.store(application().has_room(), std::memory_order_relaxed);
        node_->errors().tick();
    });
    health_->each_second([this](MonoTime) { certificates_->look(); });
    health_->each_second([this, &logging, seen = std::uint64_t{0}](MonoTime) mutable {
        const observe::LogStatistics told = logging.sink().statistics();
        const std::uint64_t bytes = told.unwritten_stream_bytes + told.unwritten_file_bytes;
        const std::uint64_t lost = told.dropped_lines + bytes;
        if (std::exchange(seen, lost) != lost)
            node_->errors().record(stats::Counter::log_drops, {.code = "log_drops"},
                                   {{"lines_total", told.dropped_lines}, {"bytes_total", bytes}});
    });
    monitor::LiveFigures figures;
    figures.connections = [this] {
        const hub::SurveySums now = node_->survey();
        return monitor::ConnectionCounts{now.total(), now.healthy[0] + now.healthy[1]};
    };
    figures.requests = [this](stats::Window window) {
        const auto now = monitor_->statistics().latency(stats::Latency::request, window);
        return monitor::RequestFigures{now.mean() / 1e6, now.rate()};
    };
    figures.connection_health = [this](stats::Window window) { return monitor_->statistics().health(window); };
    health_->add({.name = "connections"}, monitor::connections_check(figures.connections));
    health_->add({.name = "memory"}, monitor::memory_check());
    // What is slow still serves. Judged by what is told without a window.
    health_->add({.name = "performance", .critical = false}, monitor::performance_check([requests = figures.requests] {
                     return requests(stats::Window::five_minutes);
                 }));
    health_->add({.name = "event_loops"}, monitor::loops_check([this] {
                     std::vector<monitor::LoopSign> signs;
                     for (const auto& loop : loops_) signs.push_back({loop->silent_for(clock_.mono()), loop->lag()});
                     return signs;
                 }));
    monitor::ServerState state;
    state.draining = [this] { return node_->draining(); };
    state.has_room = [this] { return has_room_.load(std::memory_order_relaxed); };
    state.loops_turn = [this](MonoTime now) {
        return std::ranges::all_of(loops_,
                                   [&](const auto& loop) { return loop->silent_for(now) < monitor::kLoopStuckAfter; });
    };
    probes_ = std::make_unique<monitor::ProbeView>(*health_, std::move(state), std::move(figures), clock_);
    for (auto& loop : loops_) {
        loop->set_probe([this](transport::Route route, std::string_view query) -> transport::MonitorAnswer {
            if (route == transport::Route::live) return probes_->live();
            return probes_->ready(query);
        });
        loop->set_drain(
            [this] { drain({drain_spread_ns_.load(std::memory_order_relaxed)}, "the server is shutting down"); });
    }
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
    transport::ListenOptions options = listen_options(settings.listen, settings);
    if (auto free = transport::check_address_is_free(options); !free) return placed(settings.listen, free.error());
    for (auto& loop : loops_) {
        auto listener = transport::listen_tcp(options);
        if (!listener) return placed(settings.listen, listener.error());
        port_ = options.port = transport::local_port(*listener);
        if (auto taken = loop->listen(std::move(*listener)); !taken) return taken;
    }
    return settings.monitor ? listen_monitoring(*settings.monitor, settings) : Result<void>();
}

// On the first loop alone: who scrapes comes once in a while.
Result<void> Server::listen_monitoring(const transport::HostPort& at, const ServerSettings& settings) {
    const transport::ListenOptions options = listen_options(at, settings);
    if (auto free = transport::check_address_is_free(options); !free) return placed(at, free.error());
    auto listener = transport::listen_tcp(options);
    if (!listener) return placed(at, listener.error());
    monitor_port_ = transport::local_port(*listener);
    return loops_.front()->listen_monitoring(std::move(*listener));
}

Result<void> Server::keep_history(const ServerSettings& settings, observe::Log& log) {
    const observe::ComponentSpec database{.name = "database", .critical = false};
    if (settings.store.url.kind == store::StoreUrl::Kind::none) {
        health_->add(database, monitor::database_check({}));
        return {};
    }
    store::StoreSettings wanted = settings.store;
    // Two servers that live at once cannot have the same of these.
    if (wanted.server_id.empty()) wanted.server_id = host_name() + ":" + std::to_string(port_);
    auto started = store::Store::start(wanted, log, node_->errors());
    if (!started) return started.error();
    store_ = std::move(*started);
    node_->set_history(store_->events());
    monitor_->metrics().add([this](auto& all) { monitor::add_store_metrics(all, store_->probe()); });
    // What is left at the end the store tells itself.
    health_->each_second([this, &log, seen = std::uint64_t{0}](MonoTime) mutable {
        const auto& dropped = store_->probe().dropped;
        const std::uint64_t lost = dropped[static_cast<std::size_t>(store::Drop::queue_full)] +
                                   dropped[static_cast<std::size_t>(store::Drop::rejected)];
        if (const std::uint64_t before = std::exchange(seen, lost); before != lost)
            node_->errors().record(stats::Counter::store_drops, {.log = &log}, {{"events", lost - before}});
    });
    // Whatever becomes of it, messages are delivered.
    health_->add(database, monitor::database_check([this] { return store_->probe(); }));
    return {};
}

void Server::run() {
    monitor_->start();
    health_->start();
    for (std::size_t i = 0; i < loops_.size(); ++i)
        threads_.emplace_back([&loop = *loops_[i], i] {
            // As metrics name it; what is too long for the system keeps the process's name.
            pthread_setname_np(pthread_self(), ("loop-" + std::to_string(i)).c_str());
            loop.run();
        });
}

Server::~Server() {
    for (auto& loop : loops_) loop->stop();
    for (auto& thread : threads_) thread.join();
    // Nobody pushes any more.
    if (store_ != nullptr) store_->stop();
}

void Server::reload(const ServerSettings& settings) {
    configuration_.tell(settings.configuration);
    node_->reload(settings.hub);
    for (auto& loop : loops_) loop->set_settings(settings.loop);
    health_->set_interval(settings.health_interval);
    monitor_->set_sample_interval(settings.sample_interval);
    drain_spread_ns_.store(settings.drain_spread.ns, std::memory_order_relaxed);
}

void Server::drain(Duration spread, const std::string& reason) {
    for (auto& loop : loops_) loop->drain(spread, reason);
}

Result<std::string> Server::errors_json(std::size_t recent_max) {
    auto told = std::make_shared<std::promise<transport::MonitorAnswer>>();
    auto answer = told->get_future();
    const transport::MonitorRequest question{transport::Route::errors, {}, "limit=" + std::to_string(recent_max)};
    if (!monitor_->ask(question, [told](transport::MonitorAnswer each) { told->set_value(std::move(each)); }))
        return Error{"overloaded", "Too many ask the monitor at once; try again later."};
    auto made = answer.get();
    if (!made) return made.error();
    return std::move(made->body);
}

void Server::close_all() {
    for (auto& loop : loops_) loop->close_all();
}

bool Server::is_drained() const {
    return std::all_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->is_empty(); });
}

}  // namespace mythos::server
