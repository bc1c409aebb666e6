#include "server/settings.hpp"

#include <gtest/gtest.h>

namespace mythos::server {
namespace {

TEST(ServerSettings, CarriesEveryOptionToItsFloor) {
    Config config;
    config.listen = "127.0.0.1:0";
    config.heartbeat_ms = 250;
    config.limits.connections = 7;
    config.limits.limit_policy = "refuse";
    config.limits.message_bytes = 2048;
    config.limits.body_bytes = 4096;
    config.limits.header_bytes = 1024;
    config.limits.request_timeout_s = 3;
    config.limits.requests = 5;
    config.limits.window_s = 2;
    config.monitor = {.enabled = false, .listen = "9100", .sample_interval_s = 7};
    config.session.slow_reader = "conflate";
    config.session.grace_s = 9;
    config.delivery.mode_default = "standby";
    config.http.origins = {"https://game.example"};
    config.websocket.deflate = false;
    config.journal.retention_entries = 64;
    const ServerSettings settings = settings_from(config, 1'000);
    EXPECT_EQ(settings.listen, (transport::HostPort{"127.0.0.1", 0}));
    EXPECT_EQ(settings.monitor, (transport::HostPort{"127.0.0.1", 9100}));
    EXPECT_TRUE(settings.loop.site.monitoring_apart);
    EXPECT_FALSE(settings.loop.site.monitoring);
    EXPECT_EQ(settings.sample_interval, seconds(7));
    EXPECT_EQ(settings.hub.survey_interval, seconds(7));
    EXPECT_EQ(settings.hub.rate.requests, 5u);
    EXPECT_EQ(settings.hub.rate.window, seconds(2));
    EXPECT_EQ(settings.hub.heartbeat, milliseconds(250));
    EXPECT_EQ(settings.hub.connections_max, 7u);
    EXPECT_EQ(settings.hub.limit_policy, hub::LimitPolicy::refuse);
    EXPECT_EQ(settings.hub.slow_reader, hub::SlowReader::conflate);
    EXPECT_EQ(settings.hub.grace, seconds(9));
    EXPECT_EQ(settings.loop.message_bytes_max, 2048u);
    EXPECT_EQ(settings.loop.site.body_bytes_max, 4096u);
    EXPECT_EQ(settings.loop.site.limits.head_bytes_max, 1024u);
    EXPECT_EQ(settings.loop.site.limits.request_timeout, seconds(3));
    EXPECT_EQ(settings.loop.site.mode_default, protocol::Mode::standby);
    EXPECT_FALSE(settings.loop.site.deflate);
    EXPECT_TRUE(settings.loop.site.policy.host_must_be_local);
    EXPECT_EQ(settings.loop.site.policy.origins, config.http.origins);
    EXPECT_EQ(settings.retention.entries, 64u);
}

TEST(ServerSettings, SaysWhereTheLogGoes) {
    Config config;
    config.log.level = "warning";
    config.log.format = "console";
    config.log.file = "mythos.log";
    config.log.rotate_bytes = 4'096;
    config.log.rotate_s = 60;
    config.log.keep = 2;
    config.log.message_sample = 0.5;
    const observe::LogSettings settings = log_settings(config);
    EXPECT_EQ(settings.level, observe::Level::warning);
    EXPECT_EQ(settings.format, observe::LogFormat::console);
    EXPECT_EQ(settings.file, "mythos.log");
    EXPECT_EQ(settings.rotation, (observe::LogRotation{.bytes = 4'096, .age = seconds(60), .keep = 2}));
    EXPECT_EQ(settings_from(config, 1'000).hub.message_sample, 0.5);
    EXPECT_EQ(log_settings(Config{}).file, kProgramLogFile);
    config.log.file.clear();
    EXPECT_EQ(log_settings(config).file, "");
}

TEST(ServerSettings, ConnectionsLeaveAReserveOfDescriptors) {
    EXPECT_EQ(connections_within(20'000), 19'000u);
    EXPECT_EQ(connections_within(1'024), 960u);
    EXPECT_EQ(connections_within(10), 1u);
    EXPECT_EQ(settings_from(Config{}, 20'000).hub.connections_max, 19'000u);
}

TEST(ServerSettings, AProgramThatIsOnlyAServerKeepsItsHistoryInAFile) {
    Config config;
    EXPECT_EQ(settings_from(config, 1'000).store.url.file, "data/mythos.db");
    config.store.url = "none";
    EXPECT_EQ(settings_from(config, 1'000).store.url.kind, store::StoreUrl::Kind::none);
    config.store.retention_s = 7;
    config.store.queue_events = 99;
    config.store.server_id = "one";
    const store::StoreSettings settings = settings_from(config, 1'000).store;
    EXPECT_EQ(settings.retention, seconds(7));
    EXPECT_EQ(settings.queue_events, 99u);
    EXPECT_EQ(settings.server_id, "one");
}

}  // namespace
}  // namespace mythos::server
