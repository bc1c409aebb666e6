#include "protocol/json_text.hpp"
#include "base/limits.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mythos::protocol {
namespace {

TEST(JsonTextTest, WhatIsJson) {
    for (const char* good :
         {"{}", "[]", "0", "-1.5e3", "\"a\"", "null", "true", " {\"a\" : [1 , 2]} ", "\"\\ud83d\\ude00\""})
        EXPECT_TRUE(is_valid_json(good)) << good;
    for (const char* bad : {"",
                            " ",
                            "{",
                            "}",
                            "[1,]",
                            "{\"a\":1,}",
                            "{'a':1}",
                            "01",
                            "1.",
                            "nul",
                            "\"",
                            "\"\\",
                            "\"\\x\"",
                            "\"a\nb\"",
                            "{} {}",
                            "NaN",
                            "Infinity",
                            "/**/1",
                            "\"\xff\"",
                            "\"\xc0\xaf\"",
                            "\"\xed\xa0\x80\"",
                            "\"\\ud800\"",
                            "\xef\xbb\xbf{}",
                            "[\"\\\"",
                            "1e999999"})
        EXPECT_FALSE(is_valid_json(bad)) << bad;
    EXPECT_FALSE(is_valid_json(std::string_view("{}\0", 3))) << "NUL is not the end of a text";
    EXPECT_FALSE(is_valid_json(std::string_view("\"\0\"", 3)));
}

TEST(JsonTextTest, NestingIsBounded) {
    const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_TRUE(is_valid_json(nested(kJsonDepthMax)));
    EXPECT_FALSE(is_valid_json(nested(kJsonDepthMax + 1)));
    EXPECT_FALSE(is_valid_json(nested(1'000'000))) << "without a stack as deep";
    EXPECT_TRUE(is_valid_json('"' + std::string(1'000, '[') + '"')) << "in a string it is text";
}

TEST(JsonTextTest, AMembersTextIsThatWhichWasSent) {
    const std::string object =
        R"( { "a" : 1 , "b":{"a":[2,"}"]}, "c": "x\"}," ,"d":12345678901234567890123.10 , "e":null } )";
    ASSERT_TRUE(is_valid_json(object));
    EXPECT_EQ(member_text(object, "a"), "1");
    EXPECT_EQ(member_text(object, "b"), R"({"a":[2,"}"]})");
    EXPECT_EQ(member_text(object, "c"), R"("x\"},")");
    EXPECT_EQ(member_text(object, "d"), "12345678901234567890123.10");
    EXPECT_EQ(member_text(object, "e"), "null");
    EXPECT_EQ(member_text(object, "f"), std::nullopt);
    EXPECT_EQ(member_text("[1]", "a"), std::nullopt);
    EXPECT_EQ(member_text("{}", "a"), std::nullopt);
}

TEST(JsonTextTest, OfSeveralMembersOfAName) {
    EXPECT_EQ(member_text(R"({"a":1,"a":2})", "a"), "2") << "the last, as parsers do";
    EXPECT_EQ(member_text(R"({"\u0061":1})", "a"), "1") << "however it is written";
    EXPECT_EQ(member_text(R"({"a\"":1,"a":2})", "a\""), "1");
}

TEST(JsonTextTest, AgreesWithAParserOnEveryMember) {
    for (const char* object : {R"({"a":{"b":{"a":1}},"b":[{"a":2},"\\"],"c":"\\\""})", R"({"a":[],"b":{},"c":-0.0})",
                               R"({"a":"]","b":"\\\\","c":[[[1]]]})"}) {
        const auto parsed = nlohmann::json::parse(object);
        for (const auto& [name, value] : parsed.items())
            EXPECT_EQ(nlohmann::json::parse(*member_text(object, name)), value) << object << " " << name;
    }
}

TEST(JsonTextTest, CompactingTakesWhiteSpaceOutsideStringsOnly) {
    EXPECT_EQ(compact_json(" { \"a b\" :\t[ 1 ,\r\n\"x \\\" y\" ] } "), "{\"a b\":[1,\"x \\\" y\"]}");
    EXPECT_EQ(compact_json(R"("\\" )"), R"("\\")");
    EXPECT_EQ(compact_json(" 5 "), "5");
}

TEST(JsonTextTest, AppendedStringsAreJson) {
    const std::pair<std::string, std::string> cases[] = {
        {"plain", R"("plain")"},
        {"", R"("")"},
        {"a\"b\\c", R"("a\"b\\c")"},
        {"tab\there", R"("tab\there")"},
        {std::string("\0\x1f", 2), R"("\u0000\u001f")"},
        {"\xc3\xa9", "\"\xc3\xa9\""},
        {"bad\xff", "\"bad\xef\xbf\xbd\""},
    };
    for (const auto& [text, expected] : cases) {
        std::string out = "x";
        append_json_string(out, text);
        EXPECT_EQ(out, "x" + expected);
        EXPECT_TRUE(is_valid_json(std::string_view(out).substr(1)));
    }
}

}  // namespace
}  // namespace mythos::protocol
