#include "server/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/error_page.hpp"
#include "server/options.hpp"
#include "server/reference_page.hpp"

namespace mythos::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

Result<CommandLine> parse(std::vector<std::string> arguments) { return parse_command_line(arguments); }

TEST(CommandLine, IsEmptyWithoutArguments) {
    const auto line = parse({});
    ASSERT_TRUE(line);
    EXPECT_TRUE(line->options.empty());
    EXPECT_EQ(line->config_file + line->port_file + line->print, "");
}

TEST(CommandLine, ReadsFilesAndOptions) {
    const auto line =
        parse({"--listen", "127.0.0.1:0", "--config", "m.toml", "--session.grace_s=30", "--port-file", "p"});
    ASSERT_TRUE(line);
    EXPECT_EQ(line->config_file, "m.toml");
    EXPECT_EQ(line->port_file, "p");
    EXPECT_THAT(line->options, ElementsAre(Pair("listen", "127.0.0.1:0"), Pair("session.grace_s", "30")));
}

TEST(CommandLine, GathersAListAndTakesTheLastOfOthers) {
    const auto line =
        parse({"--http.origins", "https://a.example", "--http.origins", "https://b.example,https://c.example",
               "--session.grace_s", "1", "--session.grace_s", "2"});
    ASSERT_TRUE(line);
    EXPECT_THAT(line->options,
                ElementsAre(Pair("http.origins", "https://a.example,https://b.example,https://c.example"),
                            Pair("session.grace_s", "2")));
}

TEST(CommandLine, LeavesNegativeNumbersToTheOption) {
    const auto line = parse({"--session.grace_s", "-3"});
    ASSERT_TRUE(line);
    EXPECT_THAT(line->options, ElementsAre(Pair("session.grace_s", "-3")));
}

TEST(CommandLine, SuggestsAFlag) {
    EXPECT_EQ(parse({"--session.grce_s", "3"}).error().message,
              "--session.grce_s: unknown option; did you mean session.grace_s?");
    EXPECT_EQ(parse({"--session.grce_s=3"}).error().message,
              "--session.grce_s: unknown option; did you mean session.grace_s?");
    EXPECT_THAT(parse({"--weather"}).error().message, HasSubstr("--weather: unknown option"));
}

TEST(CommandLine, RefusesWhatItCannotPlace) {
    EXPECT_THAT(parse({"serve"}).error().message, HasSubstr("unexpected argument serve"));
    EXPECT_THAT(parse({"--session.grace_s"}).error().message, HasSubstr("--session.grace_s"));
    EXPECT_EQ(parse({"serve"}).error().code, "bad_arguments");
    EXPECT_THAT(parse({"--listen", "127.0.0.1:0", "serve"}).error().message, HasSubstr("unexpected argument serve"));
    EXPECT_THAT(parse({"--http.origins", "*", "serve"}).error().message, HasSubstr("unexpected argument serve"));
}

TEST(CommandLine, HelpListsEveryOptionWithDefaultAndGuidesName) {
    const auto line = parse({"--help"});
    ASSERT_TRUE(line);
    for (const Option& option : all_options()) EXPECT_THAT(line->print, HasSubstr("--" + std::string(option.name)));
    EXPECT_THAT(line->print, HasSubstr("127.0.0.1:8000"));
    EXPECT_THAT(line->print, HasSubstr("MAX_CONNECTIONS_PER_PLAYER"));
    EXPECT_THAT(line->print, HasSubstr("--config"));
}

TEST(CommandLine, PrintsVersionAndReference) {
    EXPECT_EQ(parse({"--version"})->print, "mythosd " MYTHOS_VERSION "\n");
    EXPECT_EQ(parse({"--reference"})->print, reference_page());
    EXPECT_EQ(parse({"--reference-errors"})->print, error_page());
}

}  // namespace
}  // namespace mythos::server
