#include "observe/log_line.hpp"
#include "base/limits.hpp"

#include <gtest/gtest.h>

#include <array>

#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

namespace mythos::observe {
namespace {

constexpr WallTime kTime{1'764'000'000'123'456'789};

std::string json_line(std::string_view event, std::vector<Field> fields) {
    return format_line(LogFormat::json, kTime, Level::warning, "server.realtime", event, fields);
}

std::string console_line(std::string_view event, std::vector<Field> fields) {
    return format_line(LogFormat::console, kTime, Level::info, "server", event, fields);
}

TEST(Timestamp, IsIso8601InUtcWithMicroseconds) {
    EXPECT_EQ(format_timestamp(kTime), "2025-11-24T16:00:00.123456Z");
    EXPECT_EQ(format_timestamp({0}), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(format_timestamp({951'868'799'000'001'000}), "2000-02-29T23:59:59.000001Z");
}

TEST(Timestamp, IsRightBeforeTheEpoch) { EXPECT_EQ(format_timestamp({-1'000}), "1969-12-31T23:59:59.999999Z"); }

TEST(JsonLine, HasTheStableKeysFirstAndThenTheFieldsInOrder) {
    EXPECT_EQ(json_line("WebSocket connected", {{"player_id", "p1"}, {"establishment_time_ms", 1.25}}),
              R"({"timestamp":"2025-11-24T16:00:00.123456Z","level":"warning","logger":"server.realtime",)"
              R"("event":"WebSocket connected","player_id":"p1","establishment_time_ms":1.25})");
}

TEST(JsonLine, KeepsTheTypesOfValues) {
    const std::string text = "x";
    const auto line = nlohmann::json::parse(json_line("e", {{"int", -3},
                                                            {"unsigned", std::numeric_limits<std::uint64_t>::max()},
                                                            {"real", 0.5f},
                                                            {"yes", true},
                                                            {"string", text},
                                                            {"view", std::string_view("y")}}));
    EXPECT_EQ(line["int"], -3);
    EXPECT_EQ(line["unsigned"], std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(line["real"], 0.5);
    EXPECT_EQ(line["yes"], true);
    EXPECT_EQ(line["string"], "x");
    EXPECT_EQ(line["view"], "y");
}

TEST(JsonLine, WritesWhatIsNoJsonNumberAsNull) {
    const auto line = nlohmann::json::parse(json_line(
        "e", {{"a", std::numeric_limits<double>::infinity()}, {"b", std::numeric_limits<double>::quiet_NaN()}}));
    EXPECT_TRUE(line["a"].is_null());
    EXPECT_TRUE(line["b"].is_null());
}

TEST(JsonLine, StaysOneLineWhateverATextHolds) {
    const std::string hostile = "a\"b\\c\nd\r\t\x01\x7f{}";
    const std::string line = json_line(hostile, {{"player_id", hostile}});
    EXPECT_EQ(line.find_first_of("\n\r"), line.npos);
    EXPECT_EQ(nlohmann::json::parse(line)["player_id"], hostile);
    EXPECT_EQ(nlohmann::json::parse(line)["event"], hostile);
}

TEST(JsonLine, ReplacesWhatIsNotUtf8) {
    EXPECT_EQ(nlohmann::json::parse(json_line("e", {{"k",
                                                     "a\xff"
                                                     "b"}}))["k"],
              "a\xef\xbf\xbd"
              "b");
    EXPECT_EQ(nlohmann::json::parse(json_line("e", {{"k", "grüße"}}))["k"], "grüße");
}

TEST(JsonLine, CutsALongText) {
    const std::string text(kLogTextBytesMax * 2, 'x');
    EXPECT_EQ(nlohmann::json::parse(json_line("e", {{"k", text}}))["k"], text.substr(0, kLogTextBytesMax));
}

TEST(JsonLine, CutsWithinACharacterAndStaysUtf8) {
    const std::string text = std::string(kLogTextBytesMax - 1, 'x') + "ü";
    EXPECT_EQ(nlohmann::json::parse(json_line("e", {{"k", text}}))["k"],
              std::string(kLogTextBytesMax - 1, 'x') + "\xef\xbf\xbd");
}

TEST(ConsoleLine, ReadsLikeASentenceWithItsFields) {
    EXPECT_EQ(
        console_line("SSE connected", {{"player_id", "p1"}, {"rtt_ms", 3}, {"reason", "too slow"}}),
        R"(2025-11-24T16:00:00.123456Z info     server  SSE connected  player_id=p1  rtt_ms=3  reason="too slow")");
}

TEST(ConsoleLine, QuotesWhatCouldForgeAnother) {
    EXPECT_EQ(console_line("a\nb", {{"k", "c\nd"}, {"empty", ""}, {"sign", "a=b"}}),
              R"(2025-11-24T16:00:00.123456Z info     server  "a\nb"  k="c\nd"  empty=""  sign="a=b")");
}

TEST(Level, IsReadInAnyCase) {
    EXPECT_EQ(parse_level("INFO"), Level::info);
    EXPECT_EQ(parse_level("Warning"), Level::warning);
    EXPECT_EQ(parse_level("debug"), Level::debug);
    EXPECT_EQ(parse_level("loud"), std::nullopt);
    EXPECT_EQ(parse_level(""), std::nullopt);
    EXPECT_EQ(name_of(Level::critical), "critical");
}

TEST(LogLine, TakesJsonAsItIs) {
    const std::array fields{Field("tags", Json{R"(["a",1])"})};
    EXPECT_NE(format_line(LogFormat::json, {}, Level::info, "x", "e", fields).find(R"("tags":["a",1]})"),
              std::string::npos);
}

TEST(LogLine, ForPeopleAnExceptionStandsOnLinesOfItsOwn) {
    const std::array fields{Field("exception", Json{R"("Traceback:\n  \u001b[1mValueError")"}), Field("n", 1)};
    EXPECT_TRUE(format_line(LogFormat::console, {}, Level::error, "x", "failed", fields)
                    .ends_with("failed  n=1\n    Traceback:\n      ?[1mValueError"));
    const std::array texts{Field("exception", "one\ntwo")};
    EXPECT_TRUE(format_line(LogFormat::console, {}, Level::error, "x", "failed", texts).ends_with("one\n    two"));
}

}  // namespace
}  // namespace mythos::observe
