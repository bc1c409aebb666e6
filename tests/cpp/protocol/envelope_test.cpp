#include "protocol/envelope.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mythos::protocol {
namespace {

using nlohmann::json;

json data_of(const std::string& text, const char* type) {
    const json message = json::parse(text);
    EXPECT_EQ(message["type"], std::string("mythos.") + type);
    EXPECT_EQ(message.size(), 2u) << "control messages have no id";
    return message["data"];
}

TEST(EnvelopeTest, AWelcomeHasEveryMember) {
    Welcome welcome{"s", "c", "k", "p", Wire::sse, "standby", "e", "e-1", "e-9", std::nullopt, 3, 15'000, 30};
    EXPECT_EQ(
        data_of(welcome_json(welcome), "welcome"),
        json::parse(
            R"({"session_id":"s","client_id":"c","connection_id":"k","player_id":"p","wire":"sse","mode":"standby",
                  "epoch":"e","cursor":"e-1","head":"e-9","recovered":null,"replayed":3,"heartbeat_ms":15000,"resume_window_s":30})"));
    welcome.recovered = false;
    EXPECT_EQ(data_of(welcome_json(welcome), "welcome")["recovered"], false);
}

TEST(EnvelopeTest, AGapSaysNullWhereItCannotKnow) {
    EXPECT_EQ(data_of(gap_json({"e-1", "e-9", 3, 7, "retention"}), "gap"),
              json::parse(R"({"after":"e-1","before":"e-9","lost":3,"at_most":7,"reason":"retention"})"));
    EXPECT_EQ(data_of(gap_json({{}, "e-9", {}, {}, "foreign_epoch"}), "gap"),
              json::parse(R"({"after":null,"before":"e-9","lost":null,"at_most":null,"reason":"foreign_epoch"})"));
}

TEST(EnvelopeTest, TheOtherControlMessages) {
    EXPECT_EQ(promoted_json("e-5"), R"({"type":"mythos.promoted","data":{"cursor":"e-5"}})");
    EXPECT_EQ(data_of(heartbeat_json("e-5", "e-6", {1'764'000'000'123'999'999}), "heartbeat"),
              json::parse(R"({"cursor":"e-5","head":"e-6","ts":1764000000.123})"));
    EXPECT_EQ(data_of(draining_json(1'500, "maintenance"), "draining"),
              json::parse(R"({"reconnect_after_ms":1500,"reason":"maintenance"})"));
    EXPECT_EQ(data_of(closed_json(CloseCode::displaced, "x"), "closed"), json::parse(R"({"code":4003,"reason":"x"})"));
}

TEST(EnvelopeTest, Replies) {
    EXPECT_EQ(data_of(reply_ok_json("c-1", R"({"n":12345678901234567890123})"), "reply")["ok"], true);
    EXPECT_NE(reply_ok_json("c-1", R"({"n":12345678901234567890123})").find("12345678901234567890123"),
              std::string::npos);
    EXPECT_EQ(data_of(reply_ok_json("c-\"1", ""), "reply"),
              (json{{"command_id", "c-\"1"}, {"ok", true}, {"data", json::object()}}));
    EXPECT_EQ(
        data_of(reply_error_json({}, {"bad_json", "why"}, true), "reply"),
        json::parse(R"({"command_id":null,"ok":false,"error":{"code":"bad_json","message":"why","retryable":true}})"));
}

TEST(EnvelopeTest, ACommand) {
    const auto command = parse_command(R"({"id":"c-17","type":"say","data":{ "a" : [1, 2] }})");
    ASSERT_TRUE(command.ok());
    EXPECT_EQ(command->id, "c-17");
    EXPECT_EQ(command->number, 17u);
    EXPECT_EQ(command->type, "say");
    EXPECT_EQ(command->data, R"({"a":[1,2]})");
    const auto plain = parse_command(R"({"type":"ack"})");
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(plain->id, "");
    EXPECT_EQ(plain->data, "{}");
    EXPECT_TRUE(parse_command(R"({"id":null,"type":"ack"})").ok());
}

TEST(EnvelopeTest, TheFingerprintIsOfWhatWasAskedNotOfHowItWasSpaced) {
    const auto print = [](const char* text) { return parse_command(text)->fingerprint; };
    const auto base = print(R"({"id":"c-1","type":"say","data":{"a":1}})");
    EXPECT_EQ(print(R"({ "type":"say", "data":{ "a": 1 }, "id":"c-1" })"), base);
    EXPECT_NE(print(R"({"id":"c-1","type":"say","data":{"a":2}})"), base);
    EXPECT_NE(print(R"({"id":"c-1","type":"shout","data":{"a":1}})"), base);
    EXPECT_NE(print(R"({"id":"d-1","type":"say","data":{"a":1}})"), base);
}

TEST(EnvelopeTest, AnIdEndsInItsNumber) {
    EXPECT_EQ(parse_command(R"({"id":"17","type":"t"})")->number, 17u);
    EXPECT_EQ(parse_command(R"({"id":"a1b002","type":"t"})")->number, 2u);
    EXPECT_EQ(parse_command(R"({"id":"x999999999999999999","type":"t"})")->number, 999'999'999'999'999'999u);
    for (const char* bad : {R"({"id":"c-","type":"t"})", R"({"id":"","type":"t"})", R"({"id":17,"type":"t"})",
                            R"({"id":"c-1234567890123456789","type":"t"})", R"({"id":["c-1"],"type":"t"})"})
        EXPECT_EQ(parse_command(bad).error().code, "bad_command") << bad;
    EXPECT_EQ(parse_command(R"({"id":")" + std::string(64, 'a') + R"(1","type":"t"})").error().code, "bad_command");
}

TEST(EnvelopeTest, WhatIsNoCommandSaysWhyAndItsIdAsFarAsItCouldBeRead) {
    std::optional<std::string> id;
    EXPECT_EQ(parse_command("{", &id).error().code, "bad_json");
    EXPECT_EQ(parse_command("\"\xff\"", &id).error().code, "bad_json");
    for (const char* bad : {"5", "null", "\"text\"", "{}", R"({"type":5})", R"({"type":""})"})
        EXPECT_EQ(parse_command(bad, &id).error().code, "bad_command") << bad;
    EXPECT_FALSE(id.has_value());
    EXPECT_EQ(parse_command(R"({"id":"c-3"})", &id).error().code, "bad_command");
    EXPECT_EQ(id, "c-3");
    EXPECT_FALSE(parse_command(R"({"type":")" + std::string(129, 'a') + R"("})").ok());
}

TEST(EnvelopeTest, ACommandsHeadIsItsOwnMembersTheLastOfSeveral) {
    const auto nested = parse_command(R"({"data":{"id":"d-9","type":"x"},"list":[{"id":"e-8"},"id"],"type":"t"})");
    EXPECT_EQ(nested->id, "");
    EXPECT_EQ(nested->type, "t");
    const auto twice = parse_command(R"({"type":"a","id":"c-1","\u0069d":"c-2","type":"b","data":1,"data":{"x":[2]}})");
    EXPECT_EQ(twice->id, "c-2");
    EXPECT_EQ(twice->type, "b");
    EXPECT_EQ(twice->data, R"({"x":[2]})");
    for (const char* bad : {R"({"type":"t","type":null})", R"({"type":"t","type":{}})", R"({"type":["t"]})",
                            R"({"type":true})", R"({"id":{},"type":"t"})", R"({"id":"c-1","id":1.5,"type":"t"})"})
        EXPECT_EQ(parse_command(bad).error().code, "bad_command") << bad;
    const auto deep = [](int levels) {
        return R"({"type":"t","data":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
    };
    EXPECT_TRUE(parse_command(deep(63)).ok());
    EXPECT_EQ(parse_command(deep(64)).error().code, "bad_json");
    for (const char* bad :
         {"", " ", "\xEF\xBB\xBF{\"type\":\"t\"}", R"({"type":"t"} x)", R"({"type":"t","data":1e999})"})
        EXPECT_EQ(parse_command(bad).error().code, "bad_json") << bad;
}

TEST(EnvelopeTest, SeveralCommandsAreReadEachByItself) {
    const auto one = parse_commands(R"({"type":"t"})", 10);
    ASSERT_EQ(one->size(), 1u);
    const auto list = parse_commands(
        R"( [ {"type":"a","data":{"x":[1,{"y":2}]}} , 5, {"id":"c-2"}, {"type":"b","data":"],["} ] )", 10);
    ASSERT_TRUE(list.ok());
    ASSERT_EQ(list->size(), 4u);
    EXPECT_EQ((*list)[0].command->data, R"({"x":[1,{"y":2}]})");
    EXPECT_EQ((*list)[1].command.error().code, "bad_command");
    EXPECT_EQ((*list)[2].id, "c-2");
    EXPECT_FALSE((*list)[2].command.ok());
    EXPECT_EQ((*list)[3].command->data, R"("],[")");
    EXPECT_EQ(parse_commands("[]", 10)->size(), 0u);
    EXPECT_EQ(parse_commands("[1,2,3]", 2).error().code, "too_big");
    EXPECT_EQ(parse_commands("[1,2", 10).error().code, "bad_json");
    EXPECT_EQ(parse_commands(std::string_view("[]\0[1]", 6), 10).error().code, "bad_json");
}

TEST(EnvelopeTest, AMessageNamesOneTargetAndAType) {
    const auto channel = parse_publish(R"({"channel":"room:tavern","type":"chat.said","data":{"n" : 1.0},"key":"k"})");
    ASSERT_TRUE(channel.ok());
    EXPECT_EQ(channel->to, Publish::To::channel);
    EXPECT_EQ(channel->name, "room:tavern");
    EXPECT_EQ(channel->type, "chat.said");
    EXPECT_EQ(channel->data, R"({"n":1.0})");
    EXPECT_EQ(channel->key, "k");
    EXPECT_EQ(parse_publish(R"({"player":"p1","type":"t"})")->to, Publish::To::player);
    EXPECT_EQ(parse_publish(R"({"everyone":true,"type":"t"})")->to, Publish::To::everyone);
    EXPECT_EQ(parse_publish(R"({"everyone":false,"channel":"a","type":"t"})")->to, Publish::To::channel);
    EXPECT_EQ(parse_publish(R"({"channel":"a","type":"t"})")->data, "{}");
}

TEST(EnvelopeTest, MessagesThatNameNoneOrTwoOrBadOnes) {
    for (const char* bad :
         {"5", "[]", "{}", R"({"type":"t"})", R"({"channel":"a"})", R"({"channel":"a","player":"b","type":"t"})",
          R"({"channel":"a","everyone":true,"type":"t"})", R"({"everyone":1,"type":"t"})",
          R"({"everyone":false,"type":"t"})", R"({"channel":"","type":"t"})", R"({"channel":5,"type":"t"})",
          R"({"channel":"a\nb","type":"t"})", R"({"player":"a b","type":"t"})", R"({"channel":"a","type":5})",
          R"({"channel":"a","type":"","data":1})", R"({"channel":"a","type":"t","key":5})",
          R"({"channel":"a","type":"t","key":""})"})
        EXPECT_EQ(parse_publish(bad).error().code, "bad_command") << bad;
    for (const char* type : {"mythos.", "mythos.gap", "presence.joined"})
        EXPECT_EQ(parse_publish(R"({"channel":"a","type":")" + std::string(type) + R"("})").error().code,
                  "reserved_type");
    EXPECT_TRUE(parse_publish(R"({"channel":"a","type":"mythosx"})").ok());
}

TEST(EnvelopeTest, APublishBodyIsOneMessageOrABatch) {
    EXPECT_FALSE(parse_publish_body(R"({"channel":"a","type":"t"})", 10)->batch);
    const auto batch =
        parse_publish_body(R"({"messages":[{"channel":"a","type":"t","data":[1, 2]}, {"player":"p","type":"u"}]})", 10);
    ASSERT_TRUE(batch.ok());
    EXPECT_TRUE(batch->batch);
    ASSERT_EQ(batch->messages.size(), 2u);
    EXPECT_EQ(batch->messages[0].data, "[1,2]");
    EXPECT_EQ(batch->messages[1].name, "p");
    std::optional<std::size_t> index;
    EXPECT_EQ(
        parse_publish_body(R"({"messages":[{"channel":"a","type":"t"},{"channel":"a"}]})", 10, &index).error().code,
        "bad_command");
    EXPECT_EQ(index, 1u);
    EXPECT_EQ(parse_publish_body(R"({"messages":[{},{},{}]})", 2).error().code, "too_big");
    for (const char* bad : {"[]", "5", R"({"messages":5})", R"({"messages":[]})", R"({"messages":{}})"})
        EXPECT_EQ(parse_publish_body(bad, 10).error().code, "bad_command") << bad;
    EXPECT_EQ(parse_publish_body("nonsense", 10).error().code, "bad_json");
}

TEST(EnvelopeTest, AChannelNameIsTextWithoutControlCharacters) {
    for (const char* good : {"a", "room:tavern", "with space", "\xc3\xa9", "a/b"})
        EXPECT_TRUE(is_valid_channel(good)) << good;
    for (const char* bad : {"", "a\n", "\x7f", "\t", "\xff", "a\xed\xa0\x80", "\xc3"})
        EXPECT_FALSE(is_valid_channel(bad));
    EXPECT_TRUE(is_valid_channel(std::string(256, 'a')));
    EXPECT_FALSE(is_valid_channel(std::string(257, 'a')));
}

}  // namespace
}  // namespace mythos::protocol
