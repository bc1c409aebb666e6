#include "server/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "observe/temporary.hpp"

namespace mythos::server {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

Complaints complaints_of(std::string_view text) {
    Config config;
    Places places;
    return apply_toml(text, "m.toml", config, places);
}

TEST(ConfigFile, SetsWhatItNames) {
    Config config;
    Places places;
    EXPECT_THAT(apply_toml(R"(
listen = "127.0.0.1:9000"
heartbeat_jitter = 0
[session]
grace_s = 5
slow_reader = "Gap"
[http]
origins = ["https://a.example"]
[websocket]
deflate = false
)",
                           "m.toml", config, places),
                IsEmpty());
    Config expected;
    expected.listen = "127.0.0.1:9000";
    expected.heartbeat_jitter = 0;
    expected.session.grace_s = 5;
    expected.session.slow_reader = "gap";
    expected.http.origins = {"https://a.example"};
    expected.websocket.deflate = false;
    EXPECT_EQ(config, expected);
}

TEST(ConfigFile, TakesDottedKeysAndAnEmptyFile) {
    Config config;
    Places places;
    EXPECT_THAT(apply_toml("session.grace_s = 6", "m.toml", config, places), IsEmpty());
    EXPECT_EQ(config.session.grace_s, 6);
    EXPECT_THAT(complaints_of(""), IsEmpty());
}

TEST(ConfigFile, TellsFileLineAndKey) {
    EXPECT_THAT(complaints_of("# first\n[session]\ngrace_s = -1\n"),
                ElementsAre("m.toml:3: session.grace_s: must be an integer from 0 to 86400, not -1"));
    EXPECT_THAT(complaints_of("[session]\ngrace_s = \"30\"\n"),
                ElementsAre("m.toml:2: session.grace_s: must be an integer from 0 to 86400, not a text"));
    EXPECT_THAT(complaints_of("[session]\nslow_reader = \"wait\"\n"),
                ElementsAre("m.toml:2: session.slow_reader: must be disconnect, gap or conflate, not \"wait\""));
}

TEST(ConfigFile, TellsValuesThatNoOptionHas) {
    EXPECT_THAT(complaints_of("heartbeat_ms = 2025-11-24"), ElementsAre(HasSubstr("not a date or a time")));
    EXPECT_THAT(complaints_of("http.origins = [1]"), ElementsAre(HasSubstr("not a list of other values than texts")));
    EXPECT_THAT(complaints_of("[heartbeat_ms]\nx = 1"),
                ElementsAre(AllOf(StartsWith("m.toml:1: heartbeat_ms: "), HasSubstr("not a table"))));
}

TEST(ConfigFile, SuggestsTheNearestKey) {
    EXPECT_THAT(complaints_of("[session]\ngrce_s = 1"),
                ElementsAre("m.toml:2: session.grce_s: unknown option; did you mean session.grace_s?"));
    EXPECT_THAT(complaints_of("[sesion]\ngrace_s = 1"),
                ElementsAre("m.toml:2: sesion.grace_s: unknown option; did you mean session.grace_s?"));
    EXPECT_THAT(complaints_of("grace_s = 1"),
                ElementsAre("m.toml:1: grace_s: unknown option; did you mean session.grace_s?"));
    EXPECT_THAT(complaints_of("[weather]\nwind = 1"),
                ElementsAre("m.toml:2: weather.wind: unknown option; mythosd --help lists all"));
    EXPECT_THAT(complaints_of("[weather]"), ElementsAre(StartsWith("m.toml:1: weather: unknown option")));
    EXPECT_THAT(complaints_of("session = 1"), ElementsAre(StartsWith("m.toml:1: session: unknown option")));
}

TEST(ConfigFile, TellsAllComplaintsAtOnce) {
    EXPECT_THAT(complaints_of("heartbeat_ms = 0\nnoise = 1\n[session]\ngrace_s = 7\nidle_timeout_s = 0\n"),
                testing::UnorderedElementsAre(StartsWith("m.toml:1: heartbeat_ms"), StartsWith("m.toml:2: noise"),
                                              StartsWith("m.toml:5: session.idle_timeout_s")));
}

TEST(ConfigFile, TellsTheLineOfASyntaxError) {
    EXPECT_THAT(complaints_of("heartbeat_ms = 1000\nlisten = \n"),
                ElementsAre(StartsWith("m.toml:2: not valid TOML: ")));
    EXPECT_THAT(complaints_of("[session]\ngrace_s = 1\ngrace_s = 2\n"),
                ElementsAre(StartsWith("m.toml:3: not valid TOML: ")));
}

TEST(ConfigFile, NotesWhereAnOptionWasSet) {
    Config config;
    Places places;
    EXPECT_THAT(apply_toml("listen = \"127.0.0.1:1\"\n[limits]\n\nrequests = 5\n", "m.toml", config, places),
                IsEmpty());
    EXPECT_THAT(places, ElementsAre(Pair("limits.requests", "m.toml:4"), Pair("listen", "m.toml:1")));
}

TEST(ConfigFile, IsReadFromDisk) {
    test::TemporaryDirectory directory;
    const std::string path = directory.path("m.toml");
    std::ofstream(path) << "session.grace_s = 8\n";
    Config config;
    Places places;
    EXPECT_THAT(apply_file(path, config, places), IsEmpty());
    EXPECT_EQ(config.session.grace_s, 8);
}

TEST(ConfigFile, IsMissed) {
    test::TemporaryDirectory directory;
    Config config;
    Places places;
    EXPECT_THAT(apply_file(directory.path("none.toml"), config, places),
                ElementsAre(AllOf(HasSubstr("none.toml: cannot be read: "), HasSubstr("check --config"))));
    EXPECT_THAT(apply_file(directory.path(""), config, places), ElementsAre(HasSubstr("cannot be read")));
}

}  // namespace
}  // namespace mythos::server
