#include "protocol/publish_heads.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace mythos::protocol {
namespace {

using Kind = HeadMember::Kind;

PublishHeads read(std::string_view body, std::size_t messages_max = 10) {
    PublishHeads heads;
    EXPECT_TRUE(read_publish_heads(body, messages_max, heads)) << body;
    return heads;
}

TEST(PublishHeads, OfOneMessageAreItsMembers) {
    const auto heads =
        read(R"({"type":"t","channel":null,"player":"p","everyone":false,"key":5,"data":{"type":"inner"}})");
    EXPECT_TRUE(heads.body.is_object);
    EXPECT_FALSE(heads.has_messages);
    EXPECT_EQ(heads.body.type.text, "t");
    EXPECT_EQ(heads.body.channel.kind, Kind::null);
    EXPECT_EQ(heads.body.player.text, "p");
    EXPECT_EQ(heads.body.everyone.kind, Kind::no);
    EXPECT_EQ(heads.body.key.kind, Kind::other);
    EXPECT_EQ(read(R"({"everyone":true})").body.everyone.kind, Kind::yes);
    EXPECT_EQ(read(R"({"type":{"type":"t"}})").body.type.kind, Kind::other);
    EXPECT_EQ(read(R"({"type":["t"]})").body.type.kind, Kind::other);
    EXPECT_EQ(read("{}").body.type.kind, Kind::absent);
}

TEST(PublishHeads, OfAListAreEachElements) {
    const auto heads = read(
        R"({"messages":[{"type":"a","data":[{"type":"x"}]},5,["type",{"type":"y"}],{"player":"p","everyone":1},{}],"type":"z"})");
    ASSERT_TRUE(heads.is_list);
    ASSERT_EQ(heads.messages.size(), 5u);
    EXPECT_EQ(heads.messages[0].type.text, "a");
    EXPECT_FALSE(heads.messages[1].is_object);
    EXPECT_FALSE(heads.messages[2].is_object);
    EXPECT_EQ(heads.messages[2].type.kind, Kind::absent);
    EXPECT_EQ(heads.messages[3].player.text, "p");
    EXPECT_EQ(heads.messages[3].everyone.kind, Kind::other);
    EXPECT_TRUE(heads.messages[4].is_object);
    EXPECT_EQ(heads.body.type.text, "z");
}

TEST(PublishHeads, AMemberThatIsWrittenTwiceIsTheLast) {
    const auto one = read(R"({"type":5,"type":"t","key":"k","key":null})");
    EXPECT_EQ(one.body.type.text, "t");
    EXPECT_EQ(one.body.key.kind, Kind::null);
    const auto list = read(R"({"messages":[{"type":"a"},{}],"messages":[{"type":"b"}]})");
    ASSERT_EQ(list.messages.size(), 1u);
    EXPECT_EQ(list.messages[0].type.text, "b");
    EXPECT_FALSE(read(R"({"messages":[{}],"messages":5})").is_list);
}

TEST(PublishHeads, WhatIsNoListHasNoElements) {
    for (const char* body : {R"({"messages":5})", R"({"messages":{"type":["a"]}})", R"({"messages":null})"}) {
        const auto heads = read(body);
        EXPECT_TRUE(heads.has_messages) << body;
        EXPECT_FALSE(heads.is_list) << body;
        EXPECT_EQ(heads.count, 0u) << body;
    }
    EXPECT_FALSE(read("[{}]").body.is_object);
    EXPECT_FALSE(read("5").body.is_object);
}

TEST(PublishHeads, OfALongListOnlyTheFirstAreKept) {
    const auto heads = read(R"({"messages":[{"type":"a"},{"type":"b"},{"type":"c"}],"type":"t"})", 2);
    EXPECT_EQ(heads.count, 3u);
    ASSERT_EQ(heads.messages.size(), 2u);
    EXPECT_EQ(heads.messages[1].type.text, "b");
    EXPECT_EQ(heads.body.type.text, "t");
}

TEST(PublishHeads, AreNotReadFromWhatIsNoJson) {
    PublishHeads heads;
    const std::string deep = std::string(kJsonDepthMax + 1, '[') + std::string(kJsonDepthMax + 1, ']');
    const std::string deepest = std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']');
    for (const std::string& text : {std::string("{"), std::string("{}x"), std::string("\xEF\xBB\xBF{}"),
                                    std::string("{}\0", 3), std::string("{\"type\":\"\xff\"}"), std::string(), deep})
        EXPECT_FALSE(read_publish_heads(text, 10, heads)) << text;
    EXPECT_TRUE(read_publish_heads(deepest, 10, heads));
}

}  // namespace
}  // namespace mythos::protocol
