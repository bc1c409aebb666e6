#include "protocol/command_head.hpp"

#include <gmock/gmock.h>

namespace mythos::protocol {
namespace {

using Kind = CommandHead::Kind;

// The same command in plain JSON and in JSON that is not.
TEST(CommandHead, IsTheSameHoweverItIsWritten) {
    for (const char* text : {R"({"id":"c-1","type":"say","data":{"text": "hi"}})",
                             R"({"id":"c-1","type":"say","data":{"text": "hi"},"more":"\n"})"}) {
        CommandHead head;
        ASSERT_TRUE(read_command_head(text, head)) << text;
        EXPECT_TRUE(head.is_object);
        EXPECT_EQ(head.id.kind, Kind::text);
        EXPECT_EQ(head.id.text, "c-1");
        EXPECT_EQ(head.type.text, "say");
    }
}

TEST(CommandHead, OfPlainJsonKnowsWhereTheDataStands) {
    CommandHead spaced, compact, none;
    ASSERT_TRUE(read_command_head(R"({"data":{"text": "hi"},"type":"say"})", spaced));
    EXPECT_TRUE(spaced.was_plain);
    EXPECT_EQ(spaced.data, R"({"text": "hi"})");
    EXPECT_FALSE(spaced.data_is_compact);
    ASSERT_TRUE(read_command_head(R"({"data":1, "data":{"text":"h i"} ,"type":"say"})", compact));
    EXPECT_EQ(compact.data, R"({"text":"h i"})") << "the last of several counts";
    EXPECT_TRUE(compact.data_is_compact);
    ASSERT_TRUE(read_command_head(R"({"type":"say"})", none));
    EXPECT_EQ(none.data, std::nullopt);
}

TEST(CommandHead, TellsWhatIsAbsentFromWhatIsNoText) {
    for (const char* more : {"", R"(,"more":"\n")"}) {
        CommandHead head, other;
        ASSERT_TRUE(read_command_head(R"({"id":null,"type":null)" + std::string(more) + "}", head));
        EXPECT_EQ(head.id.kind, Kind::absent);
        EXPECT_EQ(head.type.kind, Kind::other);
        ASSERT_TRUE(read_command_head(R"({"id":7,"type":["say"])" + std::string(more) + "}", other));
        EXPECT_EQ(other.id.kind, Kind::other);
        EXPECT_EQ(other.type.kind, Kind::other);
    }
}

TEST(CommandHead, SaysWhatIsNoObjectAndWhatIsNoJson) {
    CommandHead array, broken, marked;
    ASSERT_TRUE(read_command_head(R"([{"type":"say"}])", array));
    EXPECT_FALSE(array.is_object);
    EXPECT_EQ(array.type.kind, Kind::absent);
    EXPECT_FALSE(read_command_head(R"({"type":"say")", broken));
    EXPECT_FALSE(read_command_head("\xEF\xBB\xBF{}", marked));
}

}  // namespace
}  // namespace mythos::protocol
