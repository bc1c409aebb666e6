#include "server/load_config.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>

#include "server/command_line.hpp"
#include "server/config_file.hpp"
#include "server/options.hpp"
#include "transport/address.hpp"

namespace mythos::server {
namespace {

constexpr std::string_view kDefaultFile = "mythos.toml";
constexpr std::string_view kFileVariable = "MYTHOS_CONFIG";

const std::string* find(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : &found->second;
}

// What the sources are put together into.
struct Gathered {
    Config& config;
    Places& places;
    Complaints complaints;
};

void apply_text(const Option& option, const std::string& place, const std::string& text, Gathered& gathered) {
    if (const auto assigned = assign_text(option, gathered.config, text); !assigned) {
        gathered.complaints.push_back(place + ": " + std::string(option.name) + ": " + assigned.error().message);
    } else {
        gathered.places[std::string(option.name)] = place;
    }
}

void apply_environment(const Environment& environment, Gathered& gathered) {
    for (const Option& option : all_options()) {
        // The guide's name first, so that the option's own wins.
        for (const std::string& name : {std::string(option.guide_name), environment_name(option)}) {
            const std::string* text = name.empty() ? nullptr : find(environment, name);
            if (text && !text->empty()) apply_text(option, "environment variable " + name, *text, gathered);
        }
    }
}

void apply_flags(const CommandLine& line, Gathered& gathered) {
    for (const auto& [name, text] : line.options) apply_text(*find_option(name), "--" + name, text, gathered);
}

// `FILE:LINE and --flag: what`, of those of `options` whose place is known.
std::string placed(const Places& places, std::initializer_list<std::string_view> options, const std::string& what) {
    std::string out;
    for (const std::string_view option : options) {
        const auto found = places.find(option);
        if (found != places.end()) out.append(out.empty() ? "" : " and ").append(found->second);
    }
    return out.empty() ? what : out + ": " + what;
}

std::string file_to_read(const std::string& config_file, const Environment& environment) {
    if (!config_file.empty()) return config_file;
    if (const std::string* named = find(environment, kFileVariable); named && !named->empty()) return *named;
    std::error_code ignored;
    return std::filesystem::exists(kDefaultFile, ignored) ? std::string(kDefaultFile) : std::string();
}

}  // namespace

Environment process_environment() {
    Environment environment;
    for (char** entry = environ; *entry; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals != text.npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

Result<Startup> load_config(std::span<const std::string> arguments, const Environment& environment) {
    auto line = parse_command_line(arguments);
    if (!line) return Error{"bad_config", line.error().message};
    Startup startup;
    startup.port_file = line->port_file;
    startup.print = line->print;
    if (!startup.print.empty()) return startup;

    Gathered gathered{startup.config, startup.places, {}};
    gathered.complaints =
        apply_sources(line->config_file, environment, startup.config, startup.places, startup.config_file);
    apply_flags(*line, gathered);
    if (gathered.complaints.empty()) {
        const auto fits = check_together(startup.config, startup.places);
        if (!fits) gathered.complaints.push_back(fits.error().message);
    }
    if (gathered.complaints.empty()) {
        startup.warnings = warnings_of(environment);
        return startup;
    }
    std::string message;
    for (const std::string& complaint : gathered.complaints)
        message.append(message.empty() ? "" : "\n").append(complaint);
    return Error{"bad_config", message};
}

std::vector<std::string> apply_sources(const std::string& named, const Environment& environment, Config& config,
                                       Places& places, std::string& file_read) {
    file_read = file_to_read(named, environment);
    Gathered gathered{config, places, {}};
    if (!file_read.empty()) gathered.complaints = apply_file(file_read, config, places);
    apply_environment(environment, gathered);
    return std::move(gathered.complaints);
}

// An unknown variable is only warned of: an orchestrator sets MYTHOS_PORT and MYTHOS_SERVICE_HOST for a service that is
// called mythos.
std::vector<std::string> warnings_of(const Environment& environment) {
    std::vector<std::string> warnings;
    for (const auto& [name, value] : environment) {
        if (!name.starts_with("MYTHOS_") || name == kFileVariable) continue;
        const auto is_it = [&](const Option& option) { return environment_name(option) == name; };
        if (std::ranges::none_of(all_options(), is_it))
            warnings.push_back("environment variable " + name + " names no option and is ignored");
    }
    return warnings;
}

Result<void> check_together(const Config& config, const Places& places) {
    if (config.limits.body_bytes > config.journal.retention_bytes) {
        return Error{"bad_config",
                     placed(places, {"limits.body_bytes", "journal.retention_bytes"},
                            "limits.body_bytes is above journal.retention_bytes: such a message could never be "
                            "resumed; lower the one or raise the other")};
    }
    if (config.journal.kind == "memory" && !config.journal.path.empty()) {
        return Error{"bad_config", placed(places, {"journal.path"},
                                          "journal.path is set, but journal.kind is memory, which keeps nothing on "
                                          "disk; take the path out")};
    }
    if (config.drain.spread_ms > config.drain.timeout_s * 1'000) {
        return Error{"bad_config", placed(places, {"drain.spread_ms", "drain.timeout_s"},
                                          "drain.spread_ms is above drain.timeout_s: who was told to stay that long "
                                          "would be cut off before; lower the one or raise the other")};
    }
    return {};
}

Result<void> check_exposure(const Config& config, const Places& places) {
    if (config.auth.mode != "none") return {};
    const auto exposed = [&](std::string_view option, const std::string& given,
                             const std::optional<transport::HostPort>& address, const char* so) -> Result<void> {
        if (!address || transport::is_loopback_address(address->host)) return {};
        return Error{"exposed_without_authentication",
                     placed(places, {option},
                            std::string(option) + " is " + given + ", which others can reach, and auth.mode is none: " +
                                so + ". Listen on 127.0.0.1 behind a proxy that authenticates")};
    };
    auto main =
        exposed("listen", config.listen, transport::parse_host_port(config.listen), "anybody could be any player");
    if (!main) return main;
    return exposed("monitor.listen", config.monitor.listen, monitor_address(config),
                   "anybody could read of every player, and drain the server");
}

std::optional<transport::HostPort> monitor_address(const Config& config) {
    const std::string& given = config.monitor.listen;
    if (given.empty()) return std::nullopt;
    if (auto whole = transport::parse_host_port(given)) return whole;
    return transport::parse_host_port(config.listen.substr(0, config.listen.rfind(':') + 1) + given);
}

}  // namespace mythos::server
