#include "server/load_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "observe/temporary.hpp"

namespace mythos::server {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class LoadConfigTest : public testing::Test {
protected:
    std::string file(std::string_view text) const {
        const std::string path = directory_.path("m.toml");
        std::ofstream(path) << text;
        return path;
    }
    static Result<Startup> load(const std::vector<std::string>& arguments, const Environment& environment = {}) {
        return load_config(arguments, environment);
    }

    test::TemporaryDirectory directory_;
};

TEST_F(LoadConfigTest, HasDefaultsWithoutAnySource) {
    const auto startup = load({});
    ASSERT_TRUE(startup);
    EXPECT_EQ(startup->config, Config{});
    EXPECT_EQ(startup->config_file, "");
    EXPECT_THAT(startup->warnings, IsEmpty());
}

TEST_F(LoadConfigTest, AFlagWinsOverTheEnvironmentThatOverTheFileThatOverTheDefault) {
    const std::string path = file("[session]\ngrace_s = 1\nidle_timeout_s = 1\nsweep_interval_s = 1\n");
    const auto startup = load({"--config", path, "--session.grace_s", "3"},
                              {{"MYTHOS_SESSION_GRACE_S", "2"}, {"MYTHOS_SESSION_IDLE_TIMEOUT_S", "2"}});
    ASSERT_TRUE(startup);
    EXPECT_EQ(startup->config.session.grace_s, 3);
    EXPECT_EQ(startup->config.session.idle_timeout_s, 2);
    EXPECT_EQ(startup->config.session.sweep_interval_s, 1);
    EXPECT_EQ(startup->config.heartbeat_ms, Config{}.heartbeat_ms);
    EXPECT_EQ(startup->config_file, path);
}

TEST_F(LoadConfigTest, KnowsTheGuidesNamesAndPrefersItsOwn) {
    const auto startup = load({}, {{"CONNECTION_TIMEOUT", "77"},
                                   {"MAX_CONNECTIONS_PER_PLAYER", "5"},
                                   {"MYTHOS_LIMITS_CONNECTIONS_PER_PLAYER", "6"},
                                   {"CORS_ORIGINS", "https://a.example, https://b.example"},
                                   {"LOG_LEVEL", "DEBUG"}});
    ASSERT_TRUE(startup);
    EXPECT_EQ(startup->config.session.idle_timeout_s, 77);
    EXPECT_EQ(startup->config.limits.connections_per_player, 6);
    EXPECT_THAT(startup->config.http.origins, ElementsAre("https://a.example", "https://b.example"));
    EXPECT_EQ(startup->config.log.level, "debug");
}

TEST_F(LoadConfigTest, AVariableThatIsEmptyCountsAsNotSet) {
    const auto startup = load({"--config", file("http.origins = [\"*\"]\n")},
                              {{"LOG_LEVEL", ""}, {"MYTHOS_SESSION_GRACE_S", ""}, {"CORS_ORIGINS", ""}});
    ASSERT_TRUE(startup) << startup.error().message;
    EXPECT_THAT(startup->config.http.origins, ElementsAre("*"));
    EXPECT_EQ(startup->config.session.grace_s, Config{}.session.grace_s);
}

TEST_F(LoadConfigTest, AFaultyDatabaseIsRefusedWithoutTellingItsSecret) {
    const auto startup = load({}, {{"DATABASE_URL", "mysql://user:secret@db/x"}});
    ASSERT_FALSE(startup);
    EXPECT_THAT(startup.error().message,
                AllOf(HasSubstr("DATABASE_URL: store.url"), HasSubstr("sqlite:///FILE"), Not(HasSubstr("secret"))));
    EXPECT_EQ(load({}, {{"DATABASE_URL", "postgresql://u:secret@db/x"}})->config.store.url,
              "postgresql://u:secret@db/x");
}

TEST_F(LoadConfigTest, ListensForMonitoringBesideTheMainListenerOrWhereItIsTold) {
    const auto address = [&](const std::string& listen, const std::string& monitor) {
        return monitor_address(load({"--listen", listen}, {{"METRICS_PORT", monitor}})->config);
    };
    EXPECT_EQ(address("127.0.0.1:8000", ""), std::nullopt);
    EXPECT_EQ(address("127.0.0.5:8000", "9100"), (transport::HostPort{"127.0.0.5", 9100}));
    EXPECT_EQ(address("[::1]:8000", "9100"), (transport::HostPort{"::1", 9100}));
    EXPECT_EQ(address("127.0.0.1:8000", "10.0.0.1:9100"), (transport::HostPort{"10.0.0.1", 9100}));
    EXPECT_THAT(load({}, {{"METRICS_PORT", "99999"}}).error().message, HasSubstr("METRICS_PORT: monitor.listen"));
}

TEST_F(LoadConfigTest, NamesThePlacesOfOptionsThatDoNotFitTogether) {
    const std::string path = file("[drain]\nspread_ms = 3000\n");
    EXPECT_THAT(load({"--config", path, "--drain.timeout_s", "2"}).error().message,
                StartsWith(path + ":2 and --drain.timeout_s: drain.spread_ms is above drain.timeout_s"));
    EXPECT_THAT(load({}, {{"MYTHOS_JOURNAL_PATH", "x"}}).error().message,
                StartsWith("environment variable MYTHOS_JOURNAL_PATH: journal.path is set"));
    const auto exposed = load({"--config", file("\nlisten = \"0.0.0.0:1\"\n")});
    ASSERT_TRUE(exposed);
    EXPECT_THAT(check_exposure(exposed->config, exposed->places).error().message, StartsWith(path + ":2: listen is "));
}

TEST_F(LoadConfigTest, FindsTheFileByTheEnvironment) {
    const auto startup = load({}, {{"MYTHOS_CONFIG", file("session.grace_s = 9")}});
    ASSERT_TRUE(startup);
    EXPECT_EQ(startup->config.session.grace_s, 9);
    EXPECT_THAT(startup->warnings, IsEmpty());
}

TEST_F(LoadConfigTest, ReadsMythosTomlIfItIsThere) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(directory_.path(""));
    std::ofstream("mythos.toml") << "session.grace_s = 11\n";
    const auto startup = load({});
    std::filesystem::current_path(before);
    ASSERT_TRUE(startup);
    EXPECT_EQ(startup->config_file, "mythos.toml");
    EXPECT_EQ(startup->config.session.grace_s, 11);
}

TEST_F(LoadConfigTest, NamesTheSourceOfEachFault) {
    const std::string path = file("\n[session]\ngrace_s = 99999999\n");
    const auto startup = load({"--config", path, "--heartbeat_ms", "soon"},
                              {{"MAX_CONNECTIONS_PER_PLAYER", "many"}, {"MYTHOS_LIMITS_SESSIONS", "0"}});
    ASSERT_FALSE(startup);
    EXPECT_EQ(startup.error().code, "bad_config");
    const std::string& message = startup.error().message;
    EXPECT_THAT(message, HasSubstr(path + ":3: session.grace_s: must be an integer from 0 to 86400, not 99999999"));
    EXPECT_THAT(message,
                HasSubstr("environment variable MAX_CONNECTIONS_PER_PLAYER: limits.connections_per_player: must be"));
    EXPECT_THAT(message, HasSubstr("environment variable MYTHOS_LIMITS_SESSIONS: limits.sessions: must be"));
    EXPECT_THAT(message,
                HasSubstr("--heartbeat_ms: heartbeat_ms: must be an integer from 100 to 600000, not \"soon\""));
    EXPECT_EQ(std::ranges::count(message, '\n'), 3);
}

TEST_F(LoadConfigTest, MissesAFileThatWasNamed) {
    EXPECT_THAT(load({"--config", directory_.path("none.toml")}).error().message,
                HasSubstr("none.toml: cannot be read"));
}

TEST_F(LoadConfigTest, WarnsOfVariablesThatNameNothing) {
    const auto startup = load({}, {{"MYTHOS_SESSION_GRCE_S", "1"}, {"MYTHOSD", "x"}, {"PATH", "/bin"}});
    ASSERT_TRUE(startup);
    EXPECT_THAT(startup->warnings, ElementsAre(HasSubstr("MYTHOS_SESSION_GRCE_S")));
}

TEST_F(LoadConfigTest, PrintsWithoutLookingAtTheRest) {
    const auto startup = load({"--help", "--config", directory_.path("none.toml")});
    ASSERT_TRUE(startup);
    EXPECT_THAT(startup->print, HasSubstr("--listen"));
}

TEST_F(LoadConfigTest, PassesArgumentErrorsOn) {
    EXPECT_THAT(load({"--nonsense"}).error().message, HasSubstr("--nonsense"));
}

TEST_F(LoadConfigTest, AppliesTheSourcesThatNeedNoCommandLine) {
    const std::string path = file("heartbeat_ms = 500\n[session]\ngrace_s = 1\nidle_timeout_s = 0\n");
    Config config;
    std::string read;
    Places places;
    const auto complaints =
        apply_sources("", {{"MYTHOS_CONFIG", path}, {"MYTHOS_SESSION_GRACE_S", "2"}}, config, places, read);
    EXPECT_THAT(complaints, ElementsAre(HasSubstr("idle_timeout_s")));
    EXPECT_EQ(read, path);
    EXPECT_EQ(config.session.grace_s, 2);
    EXPECT_EQ(config.heartbeat_ms, 500);
}

TEST(CheckTogether, WantsAMessageToFitIntoTheRetention) {
    Config config;
    EXPECT_TRUE(check_together(config));
    config.journal.retention_bytes = config.limits.body_bytes - 1;
    EXPECT_THAT(check_together(config).error().message, HasSubstr("limits.body_bytes"));
    const std::vector<std::string> arguments{"--journal.retention_bytes", "65536"};
    EXPECT_THAT(load_config(arguments, {}).error().message, HasSubstr("journal.retention_bytes"));
}

TEST(CheckTogether, WantsTheDrainsSpreadWithinItsBound) {
    Config config;
    config.drain.timeout_s = 5;
    config.drain.spread_ms = 5'000;
    EXPECT_TRUE(check_together(config));
    config.drain.spread_ms = 5'001;
    EXPECT_THAT(check_together(config).error().message, HasSubstr("drain.spread_ms"));
}

TEST(CheckTogether, TakesNoPathForAJournalInMemory) {
    Config config;
    config.journal.path = "mythos.journal";
    EXPECT_THAT(check_together(config).error().message, HasSubstr("journal.path"));
}

TEST(CheckExposure, WantsLoopbackWithoutAuthentication) {
    Config config;
    for (const char* inside : {"127.0.0.1:8000", "localhost:0", "[::1]:8000", "127.9.9.9:1"}) {
        config.listen = inside;
        EXPECT_TRUE(check_exposure(config)) << inside;
    }
    for (const char* outside : {"0.0.0.0:8000", "[::]:8000", "192.0.2.1:8000"}) {
        config.listen = outside;
        const auto exposed = check_exposure(config);
        ASSERT_FALSE(exposed) << outside;
        EXPECT_EQ(exposed.error().code, "exposed_without_authentication");
        EXPECT_THAT(exposed.error().message, HasSubstr(outside));
    }
    config.listen = "127.0.0.1:8000";
    config.monitor.listen = "0.0.0.0:9100";
    EXPECT_THAT(check_exposure(config).error().message, HasSubstr("monitor.listen is 0.0.0.0:9100"));
    config.auth.mode = "application";
    EXPECT_TRUE(check_exposure(config)) << "it is asked about everybody";
}

TEST(ProcessEnvironment, HoldsWhatIsSet) {
    ::setenv("MYTHOS_TEST_VARIABLE", "a=b", 1);
    EXPECT_EQ(process_environment().find("MYTHOS_TEST_VARIABLE")->second, "a=b");
    ::unsetenv("MYTHOS_TEST_VARIABLE");
    EXPECT_FALSE(process_environment().contains("MYTHOS_TEST_VARIABLE"));
}

}  // namespace
}  // namespace mythos::server
