// mythosd: the standalone server. Composition only: configuration, log, server, signals.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "observe/error_tracker.hpp"
#include "observe/log.hpp"
#include "server/greeting.hpp"
#include "server/load_config.hpp"
#include "server/process.hpp"
#include "server/reload.hpp"
#include "server/server.hpp"
#include "server/settings.hpp"
#include "server/signals.hpp"

namespace {

using namespace mythos;
using Arguments = std::vector<std::string>;

constexpr int kBadConfig = 2;
constexpr Duration kDrainPoll = milliseconds(20);
// After the last word: for it to leave, and for the clients' farewells.
constexpr Duration kLastWordBound = seconds(1);

// What main passes around once everything stands.
struct Daemon {
    const Clock& clock;
    observe::Logging& logging;
    observe::Log& log;
    const Arguments& arguments;
    std::uint64_t descriptors;
    server::Config config;
    std::unique_ptr<server::Server> server;
};

// By renaming, so that a reader never finds half a number.
bool write_port_file(const std::string& path, std::uint16_t port) {
    const std::string unfinished = path + ".new";
    std::ofstream file(unfinished);
    file << port << "\n";
    file.close();
    return !file.fail() && std::rename(unfinished.c_str(), path.c_str()) == 0;
}

void reload(Daemon& daemon) {
    daemon.logging.sink().reopen();
    const auto loaded = server::load_config(daemon.arguments, server::process_environment());
    if (!loaded) {
        return daemon.server->errors().record(stats::Counter::reload_failures,
                                              {.text = loaded.error().message, .log = &daemon.log});
    }
    for (const auto& warning : loaded->warnings) daemon.log.warning("Configuration", {{"reason", warning}});
    const server::Reload plan = server::plan_reload(daemon.config, loaded->config);
    daemon.config = plan.effective;
    daemon.server->reload(server::settings_from(daemon.config, daemon.descriptors));
    daemon.logging.sink().set_rotation(server::log_settings(daemon.config).rotation);
    // The report is written at whichever level lets more of it through.
    const observe::Level level = server::log_settings(daemon.config).level;
    daemon.logging.set_level(std::min(level, daemon.logging.level()));
    for (const auto& change : plan.live) {
        daemon.log.info("Option changed", {{"option", change.name}, {"from", change.from}, {"to", change.to}});
    }
    for (const auto& change : plan.waits_for_restart) {
        daemon.log.warning("Option waits for a restart",
                           {{"option", change.name}, {"from", change.from}, {"to", change.to}});
    }
    daemon.log.info("Configuration reloaded",
                    {{"changed", plan.live.size()}, {"waiting", plan.waits_for_restart.size()}});
    daemon.logging.set_level(level);
}

// Until everybody has gone, at most so long, and not beyond another request to end.
void await_drained(const Daemon& daemon, server::Signals& signals, Duration at_most) {
    const MonoTime end = daemon.clock.mono() + at_most;
    while (!daemon.server->is_drained() && daemon.clock.mono() < end) {
        if (signals.wait(kDrainPoll) == server::Signal::terminate) return;
    }
}

// Who is still there at the bound, or at a second request to end, is closed like the others, only at once.
void drain(Daemon& daemon, server::Signals& signals) {
    const auto& options = daemon.config.drain;
    daemon.log.info("Draining", {{"spread_ms", options.spread_ms}, {"timeout_s", options.timeout_s}});
    daemon.server->drain(milliseconds(options.spread_ms), "shutting down");
    await_drained(daemon, signals, seconds(options.timeout_s));
    const bool drained = daemon.server->is_drained();
    if (!drained) {
        daemon.server->close_all();
        await_drained(daemon, signals, kLastWordBound);
    }
    daemon.log.info("Stopped", {{"drained", drained}});
}

int serve(const server::Startup& startup, const Arguments& arguments, server::Signals& signals) {
    const SystemClock clock;
    auto logging = observe::Logging::open(server::log_settings(startup.config), clock);
    if (!logging) {
        std::cerr << "mythosd: log.file: " << logging.error().message << "\n";
        return kBadConfig;
    }
    observe::Log& log = (*logging)->named("server");
    for (const auto& warning : startup.warnings) log.warning("Configuration", {{"reason", warning}});

    const std::uint64_t descriptors = server::raise_descriptor_limit();
    const server::ServerSettings settings = server::settings_from(startup.config, descriptors);
    auto started = server::Server::start(settings, clock, **logging);
    if (!started) {
        std::cerr << "mythosd: " << startup.config.listen << ": " << started.error().message << "\n";
        return 1;
    }
    Daemon daemon{clock, **logging, log, arguments, descriptors, startup.config, std::move(*started)};
    const std::uint16_t port = daemon.server->port();
    log.info("Listening", {{"host", settings.host},
                           {"port", port},
                           {"loops", daemon.server->loops()},
                           {"connections_max", settings.hub.connections_max},
                           {"version", MYTHOS_VERSION}});
    if (!startup.port_file.empty() && !write_port_file(startup.port_file, port)) {
        std::cerr << "mythosd: --port-file: the file cannot be written\n";
        return 1;
    }
    std::cerr << server::greeting(settings.host, port) << std::flush;

    for (;;) {
        const auto signal = signals.wait();
        if (signal == server::Signal::terminate) break;
        if (signal == server::Signal::hang_up) reload(daemon);
    }
    drain(daemon, signals);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    server::Signals signals;  // before any thread
    const Arguments arguments(argv + 1, argv + argc);
    const auto startup = server::load_config(arguments, server::process_environment());
    if (!startup) {
        std::cerr << startup.error().message << "\n";
        return kBadConfig;
    }
    if (!startup->print.empty()) {
        std::cout << startup->print << std::flush;
        return 0;
    }
    if (const auto exposure = server::check_exposure(startup->config, startup->places); !exposure) {
        std::cerr << exposure.error().message << "\n";
        return kBadConfig;
    }
    if (startup->config.auth.mode == "application") {
        std::cerr
            << "auth.mode is application, and mythosd is part of none: only a server in a Python program has one\n";
        return kBadConfig;
    }
    return serve(*startup, arguments, signals);
}
