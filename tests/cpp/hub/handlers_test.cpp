#include "hub/handlers.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace mythos::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kMany = 100;

std::shared_ptr<HandlerCall> call(std::string data = "{}") {
    return std::make_shared<HandlerCall>(HandlerCall{.type = "say", .data = std::move(data)});
}

std::vector<Ticket> tickets(const std::vector<SharedCall>& calls) {
    std::vector<Ticket> out;
    for (const auto& each : calls) out.push_back(each->ticket);
    return out;
}

class HandlersTest : public ::testing::Test {
protected:
    HandlersTest() {
        handlers.set_wake([this](std::uint32_t loop) { woken.push_back(loop); });
        handlers.on_calls([this] { ++notified; });
    }
    // Of a call that is taken in, which it must be.
    Ticket offer(std::uint32_t loop = 0) { return handlers.offer(loop, call(), kMany).value(); }

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

TEST_F(HandlersTest, QuestionsAreNoTypesThatAClientMayUse) {
    EXPECT_FALSE(handlers.answers("mythos.alerts"));
    handlers.set_questions({"mythos.alerts"});
    EXPECT_TRUE(handlers.answers("mythos.alerts"));
    EXPECT_FALSE(handlers.knows("mythos.alerts"));
    EXPECT_TRUE(is_built_in("mythos.alerts"));
    handlers.close({"draining", "it ends"});
    EXPECT_FALSE(handlers.answers("mythos.alerts"));
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
    const Ticket first = offer(), second = offer();
    EXPECT_EQ(notified, 0) << "more may come in this turn";
    handlers.announce();
    handlers.announce();
    EXPECT_EQ(notified, 1);
    EXPECT_THAT(tickets(handlers.take(10)), ElementsAre(first, second));
    EXPECT_EQ(notified, 1);
    offer();
    handlers.announce();
    EXPECT_EQ(notified, 2);
}

TEST_F(HandlersTest, WhatIsLeftIsNotifiedOfAgain) {
    const Ticket first = offer(), second = offer(), third = offer();
    handlers.announce();
    EXPECT_THAT(tickets(handlers.take(2)), ElementsAre(first, second));
    EXPECT_EQ(notified, 2);
    EXPECT_THAT(tickets(handlers.take(2)), ElementsAre(third));
    EXPECT_THAT(handlers.take(2), IsEmpty());
}

TEST_F(HandlersTest, ANewListenerIsToldOfWhatWaits) {
    offer();
    int heard = 0;
    handlers.on_calls([&] { ++heard; });
    EXPECT_EQ(heard, 1);
    EXPECT_EQ(notified, 0);
}

TEST_F(HandlersTest, BoundsWhatIsUnansweredNotOnlyWhatWaits) {
    const auto first = handlers.offer(0, call(), 2);
    EXPECT_TRUE(first && handlers.offer(1, call(), 2));
    handlers.take(10);
    EXPECT_FALSE(handlers.offer(0, call(), 2));
    handlers.answer({{.ticket = *first}});
    EXPECT_EQ(handlers.unanswered(), 1u);
    EXPECT_TRUE(handlers.offer(0, call(), 2));
}

TEST_F(HandlersTest, BoundsTheirBytesToo) {
    const auto first = handlers.offer(0, call(std::string(kHandlerBytesMax - 1'000, 'x')), kMany);
    ASSERT_TRUE(first);
    EXPECT_FALSE(handlers.offer(0, call(std::string(1'000, 'x')), kMany));
    handlers.answer({{.ticket = *first}});
    EXPECT_TRUE(handlers.offer(0, call(std::string(1'000, 'x')), kMany));
}

TEST_F(HandlersTest, AnAnswerGoesToItsLoopOnce) {
    offer(0);
    const Ticket second = offer(1);
    handlers.answer({{.ticket = second, .data = "2"}});
    EXPECT_THAT(woken, ElementsAre(1u));
    EXPECT_THAT(handlers.take_answers(0), IsEmpty());
    ASSERT_EQ(handlers.take_answers(1).size(), 1u);
    EXPECT_THAT(handlers.take_answers(1), IsEmpty());
    handlers.answer({{.ticket = second}, {.ticket = 999'937}});
    EXPECT_THAT(handlers.take_answers(1), IsEmpty()) << "answered before, and never asked";
    EXPECT_THAT(woken, ElementsAre(1u)) << "nobody is woken for nothing";
}

TEST_F(HandlersTest, APlaceIsFreeWhenItsLoopHasTakenTheAnswer) {
    const Ticket first = offer(), second = offer();
    EXPECT_NE(place_of(first), place_of(second));
    handlers.answer({{.ticket = first}});
    const Ticket third = offer();
    EXPECT_NE(place_of(third), place_of(first)) << "its loop still needs to know whose answer it is";
    EXPECT_EQ(handlers.take_answers(0).size(), 1u);
    const Ticket fourth = offer();
    EXPECT_EQ(place_of(fourth), place_of(first));
    EXPECT_NE(fourth, first);
    handlers.answer({{.ticket = first}});
    EXPECT_THAT(handlers.take_answers(0), IsEmpty()) << "answered before";
    EXPECT_EQ(handlers.unanswered(), 3u);
}

TEST_F(HandlersTest, ClosedItGivesBackWhatWaitsAndKnowsNothing) {
    handlers.set_types({"say"});
    const Ticket taken = offer();
    handlers.take(1);
    const Ticket waiting = offer();
    handlers.close({"draining", "later"});
    EXPECT_FALSE(handlers.knows("say"));
    EXPECT_FALSE(handlers.offer(0, call(), kMany)) << "of a loop that did not know yet";
    const auto answers = handlers.take_answers(0);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].ticket, waiting);
    EXPECT_EQ(answers[0].kind, HandlerAnswer::Kind::refused);
    EXPECT_EQ(answers[0].error.code, "draining");
    handlers.answer({{.ticket = taken}});
    EXPECT_EQ(handlers.take_answers(0).size(), 1u) << "one that runs may still be answered";
}

TEST_F(HandlersTest, TellsEveryLoopOfAnOutcome) {
    EXPECT_FALSE(handlers.do_repeats_wait());
    handlers.repeat_waits(1);
    EXPECT_TRUE(handlers.do_repeats_wait());
    handlers.settle({"s/c/1", "reply", 7});
    EXPECT_THAT(woken, ElementsAre(0u, 1u));
    ASSERT_EQ(handlers.take_settled(0).size(), 1u);
    EXPECT_EQ(handlers.take_settled(1).front().key, "s/c/1");
    handlers.repeat_waits(-1);
    EXPECT_FALSE(handlers.do_repeats_wait());
}

}  // namespace
}  // namespace mythos::hub
