#include "hub/handlers.hpp"

#include <gmock/gmock.h>

namespace mythos::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kMany = 100;

HandlerCall call(Ticket ticket, std::string data = "{}") {
    return {.ticket = ticket, .type = "say", .data = std::move(data)};
}

std::vector<Ticket> tickets(const std::vector<HandlerCall>& calls) {
    std::vector<Ticket> out;
    for (const auto& each : calls) out.push_back(each.ticket);
    return out;
}

class HandlersTest : public ::testing::Test {
protected:
    HandlersTest() {
        handlers.set_wake([this](std::uint32_t loop) { woken.push_back(loop); });
        handlers.on_calls([this] { ++notified; });
    }
    Handlers handlers{2};
    std::vector<std::uint32_t> woken;
    int notified = 0;
};

TEST_F(HandlersTest, KnowsTheTypesLastSaid) {
    EXPECT_FALSE(handlers.knows("say"));
    handlers.set_types({"say", "go"});
    EXPECT_TRUE(handlers.knows("say"));
    handlers.set_types({"go"});
    EXPECT_FALSE(handlers.knows("say"));
    EXPECT_TRUE(handlers.knows("go"));
}

TEST_F(HandlersTest, BuiltInsAreWhatTheHubExecutes) {
    for (const char* type :
         {"subscribe", "unsubscribe", "publish", "ack", "ping", "presence", "history", "promote", "refresh"})
        EXPECT_TRUE(is_built_in(type)) << type;
    EXPECT_FALSE(is_built_in("say"));
}

TEST_F(HandlersTest, NotifiesOnceUntilTheCallsAreTaken) {
    handlers.announce();
    EXPECT_EQ(notified, 0) << "nothing waits";
    handlers.offer(call(1), kMany);
    handlers.offer(call(2), kMany);
    EXPECT_EQ(notified, 0) << "more may come in this turn";
    handlers.announce();
    handlers.announce();
    EXPECT_EQ(notified, 1);
    EXPECT_THAT(tickets(handlers.take(10)), ElementsAre(1, 2));
    EXPECT_EQ(notified, 1);
    handlers.offer(call(3), kMany);
    handlers.announce();
    EXPECT_EQ(notified, 2);
}

TEST_F(HandlersTest, WhatIsLeftIsNotifiedOfAgain) {
    for (Ticket ticket = 1; ticket <= 3; ++ticket) handlers.offer(call(ticket), kMany);
    handlers.announce();
    EXPECT_THAT(tickets(handlers.take(2)), ElementsAre(1, 2));
    EXPECT_EQ(notified, 2);
    EXPECT_THAT(tickets(handlers.take(2)), ElementsAre(3));
    EXPECT_THAT(handlers.take(2), IsEmpty());
}

TEST_F(HandlersTest, ANewListenerIsToldOfWhatWaits) {
    handlers.offer(call(1), kMany);
    int heard = 0;
    handlers.on_calls([&] { ++heard; });
    EXPECT_EQ(heard, 1);
    EXPECT_EQ(notified, 0);
}

TEST_F(HandlersTest, BoundsWhatIsUnansweredNotOnlyWhatWaits) {
    EXPECT_TRUE(handlers.offer(call(256), 2));
    EXPECT_TRUE(handlers.offer(call(512), 2));
    handlers.take(10);
    EXPECT_FALSE(handlers.offer(call(768), 2));
    handlers.answer({{.ticket = 256}});
    EXPECT_EQ(handlers.unanswered(), 1u);
    EXPECT_TRUE(handlers.offer(call(768), 2));
}

TEST_F(HandlersTest, BoundsTheirBytesToo) {
    EXPECT_TRUE(handlers.offer(call(256, std::string(kHandlerBytesMax - 1'000, 'x')), kMany));
    EXPECT_FALSE(handlers.offer(call(512, std::string(1'000, 'x')), kMany));
    handlers.answer({{.ticket = 256}});
    EXPECT_TRUE(handlers.offer(call(512, std::string(1'000, 'x')), kMany));
}

TEST_F(HandlersTest, AnAnswerGoesToItsLoopOnce) {
    const Ticket first = handlers.next_ticket(0), second = handlers.next_ticket(1);
    EXPECT_NE(first, handlers.next_ticket(0));
    handlers.offer(call(first), kMany);
    handlers.offer(call(second), kMany);
    handlers.answer({{.ticket = second, .data = "2"}});
    EXPECT_THAT(woken, ElementsAre(1u));
    EXPECT_THAT(handlers.take_answers(0), IsEmpty());
    ASSERT_EQ(handlers.take_answers(1).size(), 1u);
    EXPECT_THAT(handlers.take_answers(1), IsEmpty());
    handlers.answer({{.ticket = second}, {.ticket = 999'937}});
    EXPECT_THAT(handlers.take_answers(1), IsEmpty()) << "answered before, and never asked";
    EXPECT_THAT(woken, ElementsAre(1u)) << "nobody is woken for nothing";
}

TEST_F(HandlersTest, ClosedItGivesBackWhatWaitsAndKnowsNothing) {
    handlers.set_types({"say"});
    const Ticket taken = handlers.next_ticket(0), waiting = handlers.next_ticket(0);
    handlers.offer(call(taken), kMany);
    handlers.take(1);
    handlers.offer(call(waiting), kMany);
    handlers.close({"draining", "later"});
    EXPECT_FALSE(handlers.knows("say"));
    const auto answers = handlers.take_answers(0);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].ticket, waiting);
    EXPECT_EQ(answers[0].kind, HandlerAnswer::Kind::refused);
    EXPECT_EQ(answers[0].error.code, "draining");
    handlers.answer({{.ticket = taken}});
    EXPECT_EQ(handlers.take_answers(0).size(), 1u) << "one that runs may still be answered";
}

TEST_F(HandlersTest, TellsEveryLoopOfAnOutcomeWhileRepeatsWait) {
    handlers.settle({"s/c/1", "reply", 7});
    EXPECT_THAT(handlers.take_settled(0), IsEmpty());
    handlers.repeat_waits(1);
    handlers.settle({"s/c/1", "reply", 7});
    EXPECT_THAT(woken, ElementsAre(0u, 1u));
    ASSERT_EQ(handlers.take_settled(0).size(), 1u);
    EXPECT_EQ(handlers.take_settled(1).front().key, "s/c/1");
    handlers.repeat_waits(-1);
    handlers.settle({"s/c/1", "reply", 7});
    EXPECT_THAT(handlers.take_settled(1), IsEmpty());
}

}  // namespace
}  // namespace mythos::hub
