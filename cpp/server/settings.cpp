#include "server/settings.hpp"

#include <algorithm>

#include "server/load_config.hpp"
#include "transport/address.hpp"

namespace mythos::server {
namespace {

std::size_t size(std::int64_t value) { return static_cast<std::size_t>(value); }

hub::Settings hub_settings(const Config& config, std::uint64_t descriptors) {
    hub::Settings hub;
    hub.connections_max =
        config.limits.connections > 0 ? size(config.limits.connections) : connections_within(descriptors);
    hub.connections_per_player = size(config.limits.connections_per_player);
    hub.limit_policy = config.limits.limit_policy == "refuse" ? hub::LimitPolicy::refuse : hub::LimitPolicy::displace;
    hub.sessions_max = size(config.limits.sessions);
    hub.channels_per_session = size(config.limits.channels_per_session);
    hub.commands_outstanding = size(config.limits.commands_outstanding);
    hub.handler_calls_max = size(config.limits.commands_handled);
    hub.command_outcomes = size(config.session.command_outcomes);
    hub.batch_max = size(config.limits.batch_messages);
    hub.players_may_publish = config.auth.mode == "none" || config.players.may_publish;
    hub.grace = seconds(config.session.grace_s);
    hub.idle_timeout = seconds(config.session.idle_timeout_s);
    hub.heartbeat = milliseconds(config.heartbeat_ms);
    hub.heartbeat_jitter = config.heartbeat_jitter;
    hub.slow_reader = config.session.slow_reader == "gap"        ? hub::SlowReader::gap
                      : config.session.slow_reader == "conflate" ? hub::SlowReader::conflate
                                                                 : hub::SlowReader::disconnect;
    hub.replaced_max = size(config.session.replaced_ids);
    hub.turn_budget = microseconds(config.delivery.turn_budget_us);
    hub.catch_up_bytes = size(config.delivery.catch_up_budget_bytes);
    hub.deflate_min_bytes = size(config.websocket.deflate_min_bytes);
    hub.sweep_interval = seconds(config.session.sweep_interval_s);
    hub.error_samples = size(config.monitor.max_samples);
    hub.survey_interval = seconds(config.monitor.sample_interval_s);
    hub.rate = {size(config.limits.requests), seconds(config.limits.window_s)};
    hub.message_sample = config.log.message_sample;
    return hub;
}

transport::HubLoopSettings loop_settings(const Config& config) {
    transport::HubLoopSettings loop;
    transport::SiteSettings& site = loop.site;
    site.policy.origins = config.http.origins;
    site.policy.allowed_hosts = config.http.allowed_hosts;
    site.policy.host_must_be_local = config.auth.mode == "none";
    site.limits.request_timeout = seconds(config.limits.request_timeout_s);
    site.limits.keep_alive_timeout = seconds(config.http.keepalive_s);
    site.limits.head_bytes_max = size(config.limits.header_bytes);
    site.body_bytes_max = size(config.limits.body_bytes);
    site.mode_default = config.delivery.mode_default == "standby" ? protocol::Mode::standby : protocol::Mode::mirror;
    site.deflate = config.websocket.deflate;
    site.monitoring = config.monitor.enabled;
    site.monitoring_apart = !config.monitor.listen.empty();
    site.application_authenticates = config.auth.mode == "application";
    loop.message_bytes_max = size(config.limits.message_bytes);
    loop.user_timeout = milliseconds(config.heartbeat_ms) * 2;
    return loop;
}

}  // namespace

std::size_t connections_within(std::uint64_t descriptors) {
    constexpr std::uint64_t kReserveMin = 64;
    const std::uint64_t reserve = std::max(kReserveMin, descriptors / 20);
    return static_cast<std::size_t>(descriptors > reserve ? descriptors - reserve : 1);
}

ServerSettings settings_from(const Config& config, std::uint64_t descriptors) {
    ServerSettings settings;
    settings.listen = transport::parse_host_port(config.listen).value_or(transport::HostPort{});
    settings.monitor = monitor_address(config);
    settings.loops = static_cast<std::uint32_t>(config.server.loops);
    settings.hub = hub_settings(config, descriptors);
    settings.loop = loop_settings(config);
    const std::string& url = config.store.url == "auto" ? kProgramStoreUrl : config.store.url;
    settings.store.url = store::parse_store_url(url).value();  // checked with the option
    settings.store.server_id = config.store.server_id;
    settings.store.retention = seconds(config.store.retention_s);
    settings.store.queue_events = size(config.store.queue_events);
    settings.health_interval = seconds(config.health.interval_s);
    settings.sample_interval = seconds(config.monitor.sample_interval_s);
    settings.certificates = config.monitor.certificates;
    settings.drain_spread = milliseconds(config.drain.spread_ms);
    settings.configuration = config_json(config);
    settings.retention.entries = size(config.journal.retention_entries);
    settings.retention.bytes = size(config.journal.retention_bytes);
    settings.retention.age = seconds(config.journal.retention_s);
    return settings;
}

observe::LogSettings log_settings(const Config& config) {
    observe::LogSettings settings;
    settings.level = observe::parse_level(config.log.level).value_or(observe::Level::info);
    settings.format = config.log.format == "console" ? observe::LogFormat::console : observe::LogFormat::json;
    settings.file = config.log.file == "auto" ? kProgramLogFile : config.log.file;
    settings.rotation.bytes = static_cast<std::uint64_t>(config.log.rotate_bytes);
    settings.rotation.age = seconds(config.log.rotate_s);
    settings.rotation.keep = size(config.log.keep);
    return settings;
}

}  // namespace mythos::server
