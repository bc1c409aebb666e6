#include "server/options.hpp"

#include <gtest/gtest.h>

#include <set>

namespace mythos::server {
namespace {

TEST(Options, HaveNamesOfTheirOwnAndAHelpText) {
    std::set<std::string_view> names, guide_names;
    std::set<std::string> variables;
    for (const Option& option : all_options()) {
        EXPECT_TRUE(names.insert(option.name).second) << option.name;
        EXPECT_TRUE(variables.insert(environment_name(option)).second) << option.name;
        EXPECT_TRUE(option.help.ends_with('.')) << option.name;
        EXPECT_TRUE(option.guide_name.empty() || guide_names.insert(option.guide_name).second) << option.name;
    }
}

TEST(Options, AcceptTheirOwnDefaults) {
    for (const Option& option : all_options()) {
        Config config;
        EXPECT_TRUE(assign_text(option, config, text_of(option, Config{}))) << option.name;
        EXPECT_EQ(config, Config{}) << option.name;
    }
}

// A member of Config without a row could never be set, two rows for one member would fight.
TEST(Options, CoverEachMemberOnce) {
    Config config;
    std::set<const void*> members;
    for (const Option& option : all_options()) {
        const void* member = std::visit([&](auto at) -> const void* { return &at(config); }, option.member);
        EXPECT_TRUE(members.insert(member).second) << option.name;
    }
    // What no member of the tables occupies is less than the padding after the three bools.
    std::size_t bytes = 0;
    for (const Option& option : all_options())
        bytes += std::visit([&](auto at) { return sizeof(at(config)); }, option.member);
    EXPECT_LT(sizeof(Config) - bytes, 3 * sizeof(std::int64_t)) << "Config has a member that no option sets";
}

TEST(Options, AnAddressThatLinksAreMadeOfEndsWithItsPath) {
    const Option* option = find_option("alerts.external_url");
    Config config;
    for (const char* text : {"", "https://game.example:8443/live/~one/", "http://[::1]:8000"})
        EXPECT_TRUE(assign_text(*option, config, text)) << text;
    for (const char* text : {"game.example", "http://game.example/?a=b", "http://game.example/#alerts"})
        EXPECT_FALSE(assign_text(*option, config, text)) << text;
}

TEST(Options, APathIsOneThatAMetricCanName) {
    const Option* option = find_option("monitor.certificates");
    Config config;
    EXPECT_TRUE(assign_text(*option, config, "/etc/ssl/game.pem,ß.pem"));
    EXPECT_EQ(config.monitor.certificates.size(), 2u);
    EXPECT_FALSE(assign_text(*option, config, "/etc/ssl/\xff.pem"));
}

TEST(Options, StandTogetherByTable) {
    std::set<std::string_view> finished;
    std::string_view current;
    for (const Option& option : all_options()) {
        if (table_of(option.name) == current) continue;
        EXPECT_TRUE(finished.insert(current).second);
        current = table_of(option.name);
        EXPECT_FALSE(finished.contains(current)) << option.name;
    }
}

TEST(Options, KeepTheGuidesNames) {
    const auto name_of = [](std::string_view guide_name) {
        for (const Option& option : all_options()) {
            if (option.guide_name == guide_name) return option.name;
        }
        return std::string_view{};
    };
    EXPECT_EQ(name_of("MAX_CONNECTIONS_PER_PLAYER"), "limits.connections_per_player");
    EXPECT_EQ(name_of("CONNECTION_POOL_SIZE"), "limits.connections");
    EXPECT_EQ(name_of("CONNECTION_TIMEOUT"), "session.idle_timeout_s");
    EXPECT_EQ(name_of("CLEANUP_INTERVAL"), "session.sweep_interval_s");
    EXPECT_EQ(name_of("CORS_ORIGINS"), "http.origins");
    EXPECT_EQ(name_of("LOG_LEVEL"), "log.level");
    EXPECT_EQ(name_of("LOG_FORMAT"), "log.format");
    EXPECT_EQ(name_of("DATABASE_URL"), "store.url");
    EXPECT_EQ(name_of("HEALTH_CHECK_INTERVAL"), "health.interval_s");
    EXPECT_EQ(name_of("MAX_METRICS_SAMPLES"), "monitor.max_samples");
    EXPECT_EQ(name_of("METRICS_COLLECTION_INTERVAL"), "monitor.sample_interval_s");
    EXPECT_EQ(name_of("RATE_LIMIT_REQUESTS"), "limits.requests");
    EXPECT_EQ(name_of("RATE_LIMIT_WINDOW"), "limits.window_s");
    EXPECT_EQ(name_of("ENABLE_METRICS"), "monitor.enabled");
    EXPECT_EQ(name_of("METRICS_PORT"), "monitor.listen");
}

TEST(FindOption, KnowsOnlyWholeNames) {
    EXPECT_NE(find_option("session.grace_s"), nullptr);
    EXPECT_EQ(find_option("grace_s"), nullptr);
    EXPECT_EQ(find_option("session"), nullptr);
    EXPECT_EQ(find_option(""), nullptr);
}

TEST(NearestOption, ForgivesASlip) {
    EXPECT_EQ(nearest_option("session.grce_s"), "session.grace_s");
    EXPECT_EQ(nearest_option("sesion.grace_s"), "session.grace_s");
    EXPECT_EQ(nearest_option("haertbeat_ms"), "heartbeat_ms");
    EXPECT_EQ(nearest_option("log.levle"), "log.level");
}

TEST(NearestOption, FindsTheRightKeyInTheWrongTable) {
    EXPECT_EQ(nearest_option("limits.grace_s"), "session.grace_s");
    EXPECT_EQ(nearest_option("grace_s"), "session.grace_s");
}

TEST(NearestOption, DoesNotGuessWildly) {
    EXPECT_EQ(nearest_option("weather.report"), "");
    EXPECT_EQ(nearest_option("x"), "");
}

}  // namespace
}  // namespace mythos::server
