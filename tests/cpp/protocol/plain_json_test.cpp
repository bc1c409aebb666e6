#include "protocol/plain_json.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>

#include "protocol/json_text.hpp"

namespace mythos::protocol {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::Pair;
using Members = std::vector<std::pair<std::string, std::string>>;

// The members, if all of the text is plain.
std::optional<Members> members(std::string_view text) {
    Members found;
    PlainObject object(text);
    while (object.next()) found.emplace_back(object.name(), object.value());
    if (!object.is_whole()) return std::nullopt;
    return found;
}

TEST(PlainJson, FindsEachMemberAsItStands) {
    EXPECT_THAT(*members(R"( { "id" : "c-1","data":{"a": [1, -0.5,true]} , "n":null})"),
                ElementsAre(Pair("id", R"("c-1")"), Pair("data", R"({"a": [1, -0.5,true]})"), Pair("n", "null")));
    EXPECT_TRUE(members("{}")->empty());
    EXPECT_THAT(*members(R"({"a":1,"a":2})"), ElementsAre(Pair("a", "1"), Pair("a", "2")));
}

TEST(PlainJson, SaysWhichValuesAreTextsAndWhichHaveSpace) {
    PlainObject object(R"({"a":"x y","b": [1, 2],"c":[[ ]]})");
    ASSERT_TRUE(object.next());
    EXPECT_TRUE(object.is_text());
    EXPECT_FALSE(object.is_spaced());
    ASSERT_TRUE(object.next());
    EXPECT_FALSE(object.is_text());
    EXPECT_TRUE(object.is_spaced());
    ASSERT_TRUE(object.next());
    EXPECT_TRUE(object.is_spaced());
    EXPECT_FALSE(object.next());
    EXPECT_TRUE(object.is_whole());
}

TEST(PlainJson, LeavesTheRestToTheParser) {
    for (const char* text : {R"({"a":"\n"})", R"({"\u0061":1})", R"({"a":"ä"})", R"({"a":1e3})", R"({"a":1E+2})",
                             R"([1])", R"("a")", "7"}) {
        EXPECT_FALSE(members(text).has_value()) << text;
        EXPECT_TRUE(is_valid_json(text)) << text;
    }
    EXPECT_FALSE(members("{\"a\":" + std::string(300, '1') + "}"));
}

TEST(PlainJson, TakesNothingThatIsNoJson) {
    for (const char* text : {"",
                             "{",
                             "{\"a\"",
                             "{\"a\":",
                             "{\"a\":1",
                             "{\"a\":1,}",
                             "{,}",
                             "{\"a\" 1}",
                             "{a:1}",
                             "{\"a\":01}",
                             "{\"a\":-}",
                             "{\"a\":1.}",
                             "{\"a\":.5}",
                             "{\"a\":+1}",
                             "{\"a\":tru}",
                             "{\"a\":truex}",
                             "{\"a\":[1,]}",
                             "{\"a\":[1}",
                             "{\"a\":{]}",
                             "{\"a\":[,1]}",
                             "{\"a\":{\"b\"}}",
                             "{\"a\":1}}",
                             "{\"a\":1} x",
                             "{\"a\":\"b}",
                             "{\"a\":\"\t\"}",
                             "\xEF\xBB\xBF{}"}) {
        EXPECT_FALSE(members(text).has_value()) << text;
        EXPECT_FALSE(is_valid_json(text)) << text;
    }
    EXPECT_FALSE(members(std::string_view("{\"a\":1}\0", 8)));
}

TEST(PlainJson, NestsAsDeepAsAnyJsonMay) {
    const auto nested = [](int arrays) {
        return R"({"a":)" + std::string(static_cast<std::size_t>(arrays), '[') +
               std::string(static_cast<std::size_t>(arrays), ']') + "}";
    };
    EXPECT_TRUE(members(nested(kJsonDepthMax - 1)));
    EXPECT_FALSE(members(nested(kJsonDepthMax)));
}

// Whatever is done to a text: what is still taken is JSON, and has the members that the parser finds.
TEST(PlainJson, AgreesWithTheParserOnTextsThatWereTamperedWith) {
    const std::string seed =
        R"({"id":"c-17","type":"say","data":{"a":[1,-2.5,{"b":null}],"c":"hello there, you"},"z":[ ]})";
    const std::string_view pieces = "{}[]\",:\\ 0123456789.-eEtruefalsn\t\x01\x7f\xc3";
    std::mt19937 dice(7);
    int taken = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string text = seed;
        for (std::uint32_t edits = dice() % 3 + 1; edits > 0; --edits) {
            const std::size_t at = dice() % text.size();
            if (dice() % 2 == 0)
                text[at] = pieces[dice() % pieces.size()];
            else
                text.erase(at, dice() % 4 + 1);
        }
        const auto found = members(text);
        if (!found) continue;
        ++taken;
        ASSERT_TRUE(is_valid_json(text)) << text;
        json built = json::object();
        for (const auto& [name, value] : *found) built[name] = json::parse(value);
        ASSERT_EQ(json::parse(text), built) << text;
    }
    EXPECT_GT(taken, 1'000);
}

}  // namespace
}  // namespace mythos::protocol
