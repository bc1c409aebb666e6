// What the vectors do not say of the commands: bounds and rare crossings.
#include "protocol/command_book.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mythos::protocol {
namespace {

constexpr Route kPost{Route::By::post, 0};
constexpr Route kWebSocket{Route::By::websocket, 1};

MonoTime at(std::int64_t ms) { return MonoTime{} + milliseconds(ms); }

ReplyMessage reply_to(std::string id, bool ok = true, std::string code = "", bool retryable = false) {
    ReplyMessage m;
    m.command_id = std::move(id);
    m.ok = ok;
    m.error_code = std::move(code);
    m.retryable = retryable;
    return m;
}

class CommandBookTest : public testing::Test {
protected:
    void flush(std::int64_t ms, const Route& route) { book_.flush(at(ms), route, "s1", next_post_); }
    template <class T>
    std::vector<T> take() {
        std::vector<T> found;
        for (Output& output : std::exchange(outputs_, {})) {
            if (auto* value = std::get_if<T>(&output)) found.push_back(std::move(*value));
        }
        return found;
    }

    ClientConfig config_;
    Jitter jitter_{1, 0.5};
    Outputs outputs_;
    std::uint64_t next_post_ = 1;
    CommandBook book_{config_, jitter_, outputs_};
};

TEST_F(CommandBookTest, WritesACommandOnOneLineWithItsDataAsGiven) {
    ASSERT_TRUE(book_.add("sa\"y", "{ \"n\" : 12345678901234567890123,\n \"s\": \" x \" }"));
    ASSERT_TRUE(book_.add("bare", ""));
    flush(0, kWebSocket);
    const auto sent = take<SendText>();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].text, R"({"id":"c-1","type":"sa\"y","data":{"n":12345678901234567890123,"s":" x "}})");
    EXPECT_EQ(sent[1].text, R"({"id":"c-2","type":"bare"})");
}

TEST_F(CommandBookTest, SendsNothingTwiceByItself) {
    ASSERT_TRUE(book_.add("say", "1"));
    flush(0, kWebSocket);
    flush(1, kWebSocket);
    flush(2, kPost);
    EXPECT_EQ(take<SendText>().size(), 1u);
    EXPECT_EQ(book_.deadline(kWebSocket), std::nullopt);
    book_.carrier_lost(2);
    flush(3, kPost);
    EXPECT_EQ(take<PostCommands>().size(), 0u);
    book_.carrier_lost(1);
    flush(4, kPost);
    EXPECT_EQ(take<PostCommands>().size(), 1u);
}

TEST_F(CommandBookTest, BoundsAPostInBytes) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(book_.add("say", '"' + std::string(40'000, 'x') + '"'));
    flush(0, kPost);
    EXPECT_EQ(take<PostCommands>().size(), 3u);
}

TEST_F(CommandBookTest, KeepsTheWindowOverManyCommands) {
    for (int i = 0; i < 1'024; ++i) ASSERT_TRUE(book_.add("say", ""));
    EXPECT_EQ(book_.add("say", "").error().code, "too_many_commands");
    flush(0, kWebSocket);
    EXPECT_EQ(take<SendText>().size(), 128u);
    book_.reply(at(1), reply_to("c-128"));
    flush(1, kWebSocket);
    EXPECT_EQ(take<SendText>().size(), 0u);
    book_.reply(at(2), reply_to("c-1"));
    flush(2, kWebSocket);
    EXPECT_EQ(take<SendText>().size(), 1u);
    EXPECT_EQ(book_.size(), 1'022u);
}

TEST_F(CommandBookTest, ARefusalOfTheOnlyCopyMakesItUnsentAgain) {
    ASSERT_TRUE(book_.add("say", ""));
    flush(0, kWebSocket);
    book_.reply(at(1), reply_to("c-1", false, "overloaded", true));
    book_.abandon("session_changed", false);
    EXPECT_EQ(take<OutcomeUnknown>().size(), 0u);
    EXPECT_EQ(book_.size(), 1u);
    EXPECT_EQ(book_.deadline(kWebSocket), at(76));
}

TEST_F(CommandBookTest, ARefusalOfOneCopyOfTwoDoesNot) {
    ASSERT_TRUE(book_.add("say", ""));
    flush(0, kWebSocket);
    book_.carrier_lost(1);
    flush(1, kPost);
    book_.reply(at(2), reply_to("c-1", false, "overloaded", true));
    book_.abandon("session_changed", false);
    EXPECT_EQ(take<OutcomeUnknown>().size(), 1u);
    EXPECT_EQ(book_.size(), 0u);
}

TEST_F(CommandBookTest, IgnoresRepliesToNobody) {
    ASSERT_TRUE(book_.add("say", ""));
    flush(0, kWebSocket);
    for (const char* id : {"", "c-", "c-2", "c-1x", "d-1", "c-99999999999999999999999"})
        book_.reply(at(1), reply_to(id));
    book_.reply(at(1), ReplyMessage{});
    EXPECT_EQ(book_.size(), 1u);
    EXPECT_TRUE(take<CommandReply>().empty());
}

TEST_F(CommandBookTest, StoppingRefusesWhatWasNeverSent) {
    ASSERT_TRUE(book_.add("say", ""));
    flush(0, kWebSocket);
    ASSERT_TRUE(book_.add("say", ""));
    outputs_.clear();
    book_.abandon("stopped", true);
    ASSERT_EQ(outputs_.size(), 2u);
    EXPECT_EQ(std::get<OutcomeUnknown>(outputs_[0]).command_id, "c-1");
    EXPECT_EQ(std::get<CommandReply>(outputs_[1]).error_code, "stopped");
    EXPECT_EQ(book_.size(), 0u);
    EXPECT_EQ(book_.deadline(kWebSocket), std::nullopt);
}

TEST_F(CommandBookTest, AnAnswerThatIsNotOneCountsAsNone) {
    ASSERT_TRUE(book_.add("say", ""));
    flush(0, kPost);
    EXPECT_EQ(book_.post_answered(at(5), 1, 200, "<html>", std::nullopt), PostVerdict::fine);
    EXPECT_EQ(book_.size(), 1u);
    EXPECT_EQ(book_.deadline(kPost), at(80));
}

}  // namespace
}  // namespace mythos::protocol
