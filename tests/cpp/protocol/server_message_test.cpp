#include "protocol/server_message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mythos::protocol {
namespace {

template <class T>
T read(std::string_view json) {
    auto message = parse_server_message(json);
    if (!std::holds_alternative<T>(message)) {
        ADD_FAILURE() << json << " was read as alternative " << message.index();
        return T{};
    }
    return std::get<T>(std::move(message));
}

TEST(ServerMessage, ReadsOfAnEntryItsIdAndType) {
    const auto m =
        read<EntryMessage>(R"({"data":{"id":"e9-9","type":"x","a":[{"id":"e8-8"}]},"type":"a\"b","id":"e1-7"})");
    EXPECT_EQ(m.id, (Cursor{"e1", 7}));
    EXPECT_EQ(m.type, "a\"b");
}

TEST(ServerMessage, AnIdMakesItAnEntryWhateverItsType) {
    EXPECT_EQ(read<EntryMessage>(R"({"id":"e1-7","type":"mythos.welcome"})").type, "mythos.welcome");
}

TEST(ServerMessage, ReadsControlMessages) {
    const auto w = read<WelcomeMessage>(
        R"({"type":"mythos.welcome","data":{"session_id":"s","connection_id":"k","mode":"standby","epoch":"e1",
            "cursor":"e0-4","recovered":false,"heartbeat_ms":15000,"later":1}})");
    EXPECT_EQ(w.cursor, (Cursor{"e0", 4}));
    EXPECT_EQ(w.recovered, false);
    EXPECT_EQ(w.heartbeat, seconds(15));
    const auto g =
        read<GapMessage>(R"({"type":"mythos.gap","data":{"after":null,"before":"e1-9","lost":null,"reason":"r"}})");
    EXPECT_FALSE(g.after || g.lost || g.at_most);
    const auto p = read<PromotedMessage>(R"({"type":"mythos.promoted","data":{"cursor":"e1-0"}})");
    EXPECT_EQ(p.cursor.seq, 0u);
    const auto h =
        read<HeartbeatMessage>(R"({"type":"mythos.heartbeat","data":{"cursor":"e1-3","head":"e1-5","ts":1.5}})");
    EXPECT_EQ(h.head->seq, 5u);
    EXPECT_EQ(
        read<DrainingMessage>(R"({"type":"mythos.draining","data":{"reconnect_after_ms":70}})").reconnect_after.ms(),
        70);
    EXPECT_EQ(read<ClosedMessage>(R"({"type":"mythos.closed","data":{"code":4001,"reason":"r"}})").code, 4001);
    read<UnknownMessage>(R"({"type":"mythos.weather","data":{}})");
}

TEST(ServerMessage, ReadsReplies) {
    const auto ok = read<ReplyMessage>(
        R"({"type":"mythos.reply","data":{"command_id":"c-1","ok":true,"data":{"n":18446744073709551615}}})");
    EXPECT_EQ(ok.data, R"({"n":18446744073709551615})");
    const auto no = read<ReplyMessage>(R"({"type":"mythos.reply","data":{"command_id":null,"ok":false,)"
                                       R"("error":{"code":"bad_json","message":"m","retryable":true}}})");
    EXPECT_FALSE(no.command_id);
    EXPECT_EQ(no.error_code, "bad_json");
    EXPECT_TRUE(no.retryable);
}

TEST(ServerMessage, RefusesWhatIsNotAMessage) {
    for (const std::string bad : {"",
                                  " ",
                                  "{",
                                  "[]",
                                  "7",
                                  "null",
                                  R"({"type":7})",
                                  R"({"id":"e1-7"})",
                                  R"({"id":7,"type":"a"})",
                                  R"({"id":"e1-0","type":"a"})",
                                  R"({"id":"e1-7","type":"a","data":{}}x)",
                                  R"({"id":"e1-7","type":"a","data":"\ud800"})",
                                  "{\"id\":\"e1-7\",\"type\":\"\xff\"}",
                                  R"({"type":"said"})",
                                  R"({"type":"mythos.gap","data":[]})",
                                  R"({"type":"mythos.gap","data":{"before":"e1-0"}})",
                                  R"({"type":"mythos.gap","data":{"after":7,"before":"e1-9"}})",
                                  R"({"type":"mythos.reply","data":{"ok":1}})",
                                  R"({"type":"mythos.welcome","data":{"session_id":"s","epoch":"e1"}})",
                                  R"({"type":"mythos.closed","data":{"code":-1}})"}) {
        EXPECT_TRUE(std::holds_alternative<MalformedMessage>(parse_server_message(bad))) << bad;
    }
    EXPECT_TRUE(std::holds_alternative<MalformedMessage>(parse_server_message(
        R"({"id":"e1-7","type":"a","data":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}")));
}

TEST(ServerMessage, ReadsWhatItCanOfAPostsAnswer) {
    const auto replies = parse_replies(R"([{"type":"mythos.reply","data":{"command_id":"c-1",)"
                                       R"("ok":true}},7,{"type":"x"},{"type":"mythos.reply","data":{}}])");
    ASSERT_TRUE(replies);
    ASSERT_EQ(replies->size(), 1u);
    EXPECT_EQ(replies->front().command_id, "c-1");
    EXPECT_FALSE(parse_replies("{}"));
    EXPECT_FALSE(parse_replies("<html>"));
}

}  // namespace
}  // namespace mythos::protocol
