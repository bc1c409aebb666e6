#include "server/option.hpp"

#include <gtest/gtest.h>

#include "server/options.hpp"

namespace mythos::server {
namespace {

const Option& option(std::string_view name) { return *find_option(name); }

std::string complaint(std::string_view name, const OptionValue& value) {
    Config config;
    const auto assigned = assign(option(name), config, value);
    EXPECT_EQ(config, Config{});
    return assigned ? "" : assigned.error().message;
}

std::string text_complaint(std::string_view name, std::string_view text) {
    Config config;
    const auto assigned = assign_text(option(name), config, text);
    EXPECT_EQ(config, Config{});
    return assigned ? "" : assigned.error().message;
}

TEST(Assign, TakesEachType) {
    Config config;
    EXPECT_TRUE(assign(option("session.grace_s"), config, std::int64_t{7}));
    EXPECT_TRUE(assign(option("heartbeat_jitter"), config, 0.25));
    EXPECT_TRUE(assign(option("websocket.deflate"), config, false));
    EXPECT_TRUE(assign(option("log.file"), config, std::string("mythos.log")));
    EXPECT_TRUE(assign(option("http.origins"), config, TextList{"https://a.example", "*"}));
    EXPECT_EQ(config.session.grace_s, 7);
    EXPECT_EQ(config.heartbeat_jitter, 0.25);
    EXPECT_FALSE(config.websocket.deflate);
    EXPECT_EQ(config.log.file, "mythos.log");
    EXPECT_EQ(config.http.origins, (TextList{"https://a.example", "*"}));
}

TEST(Assign, TakesAnIntegerForANumber) {
    Config config;
    EXPECT_TRUE(assign(option("heartbeat_jitter"), config, std::int64_t{0}));
    EXPECT_EQ(config.heartbeat_jitter, 0);
}

TEST(Assign, TakesAChoiceInAnyCaseAndKeepsItInLowerCase) {
    Config config;
    EXPECT_TRUE(assign(option("log.level"), config, std::string("WARNING")));
    EXPECT_EQ(config.log.level, "warning");
    EXPECT_TRUE(assign(option("log.level"), config, std::string("Fatal")));
    EXPECT_EQ(config.log.level, "critical");
    EXPECT_TRUE(assign(option("log.level"), config, std::string("WARN")));
    EXPECT_EQ(config.log.level, "warning");
}

TEST(Assign, RefusesAnotherType) {
    EXPECT_EQ(complaint("session.grace_s", std::string("thirty")), "must be an integer from 0 to 86400, not a text");
    EXPECT_EQ(complaint("session.grace_s", 1.5), "must be an integer from 0 to 86400, not a number");
    EXPECT_EQ(complaint("session.grace_s", true), "must be an integer from 0 to 86400, not a boolean");
    EXPECT_EQ(complaint("websocket.deflate", std::int64_t{1}), "must be true or false, not an integer");
    EXPECT_EQ(complaint("log.file", TextList{}), "must be a text, not a list");
    EXPECT_EQ(complaint("http.origins", std::string("https://a.example")),
              "must be a list of origins such as https://game.example, or *, not a text");
}

TEST(Assign, RefusesWhatIsOutOfRange) {
    EXPECT_EQ(complaint("limits.connections_per_player", std::int64_t{0}), "must be an integer from 1 to 1024, not 0");
    EXPECT_EQ(complaint("limits.connections_per_player", std::int64_t{1025}),
              "must be an integer from 1 to 1024, not 1025");
    EXPECT_EQ(complaint("heartbeat_jitter", 0.51), "must be a number from 0 to 0.5, not 0.51");
    EXPECT_NE(complaint("heartbeat_jitter", std::numeric_limits<double>::quiet_NaN()), "");
}

TEST(Assign, TakesBothEndsOfARange) {
    Config config;
    EXPECT_TRUE(assign(option("limits.connections_per_player"), config, std::int64_t{1}));
    EXPECT_TRUE(assign(option("limits.connections_per_player"), config, std::int64_t{1024}));
}

TEST(Assign, RefusesAWordThatIsNoChoice) {
    EXPECT_EQ(complaint("session.slow_reader", std::string("forgive")),
              "must be disconnect, gap or conflate, not \"forgive\"");
}

TEST(Assign, RefusesAnElementOfAnotherForm) {
    EXPECT_EQ(complaint("http.origins", TextList{"https://a.example", "a.example/path"}),
              "must be a list of origins such as https://game.example, or *, not \"a.example/path\"");
    EXPECT_NE(complaint("http.origins", TextList{"https://"}), "");
    EXPECT_NE(complaint("http.allowed_hosts", TextList{"game.example:8000"}), "");
    EXPECT_NE(complaint("listen", std::string("8000")), "");
}

TEST(AssignText, ReadsEachType) {
    Config config;
    EXPECT_TRUE(assign_text(option("session.grace_s"), config, " 7 "));
    EXPECT_TRUE(assign_text(option("heartbeat_jitter"), config, "0.25"));
    EXPECT_TRUE(assign_text(option("http.allowed_hosts"), config, " a.example, b.example ,"));
    EXPECT_EQ(config.session.grace_s, 7);
    EXPECT_EQ(config.heartbeat_jitter, 0.25);
    EXPECT_EQ(config.http.allowed_hosts, (TextList{"a.example", "b.example"}));
    EXPECT_TRUE(assign_text(option("http.allowed_hosts"), config, ""));
    EXPECT_EQ(config.http.allowed_hosts, TextList{});
}

TEST(AssignText, ReadsBooleansAsPeopleWriteThem) {
    Config config;
    for (const char* no : {"false", "No", "OFF", "0"}) {
        config.websocket.deflate = true;
        EXPECT_TRUE(assign_text(option("websocket.deflate"), config, no)) << no;
        EXPECT_FALSE(config.websocket.deflate) << no;
    }
    for (const char* yes : {"true", "YES", "on", "1"}) {
        config.websocket.deflate = false;
        EXPECT_TRUE(assign_text(option("websocket.deflate"), config, yes)) << yes;
        EXPECT_TRUE(config.websocket.deflate) << yes;
    }
}

TEST(AssignText, RefusesWhatIsNotTheType) {
    EXPECT_EQ(text_complaint("session.grace_s", "30s"), "must be an integer from 0 to 86400, not \"30s\"");
    EXPECT_EQ(text_complaint("session.grace_s", ""), "must be an integer from 0 to 86400, not \"\"");
    EXPECT_EQ(text_complaint("session.grace_s", "99999999999999999999"),
              "must be an integer from 0 to 86400, not \"99999999999999999999\"");
    EXPECT_EQ(text_complaint("websocket.deflate", "maybe"), "must be true or false, not \"maybe\"");
    EXPECT_NE(text_complaint("heartbeat_jitter", "nan"), "");
    EXPECT_NE(text_complaint("listen", "127.0.0.1:70000"), "");
}

TEST(TextOf, IsReadBackAsTheSameValueForEveryOption) {
    Config changed;
    changed.http.origins = {"https://a.example", "https://b.example"};
    changed.heartbeat_jitter = 0.05;
    changed.log.file = "mythos.log";
    Config read;
    for (const Option& each : all_options()) {
        EXPECT_TRUE(assign_text(each, read, text_of(each, changed))) << each.name;
    }
    EXPECT_EQ(read, changed);
}

TEST(EnvironmentName, IsTheNameInCapitals) {
    EXPECT_EQ(environment_name(option("session.grace_s")), "MYTHOS_SESSION_GRACE_S");
    EXPECT_EQ(environment_name(option("heartbeat_ms")), "MYTHOS_HEARTBEAT_MS");
}

}  // namespace
}  // namespace mythos::server
