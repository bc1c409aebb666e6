#include "monitor/answers.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/manual_clock.hpp"
#include "monitor/asked.hpp"

namespace mythos::monitor {
namespace {

using stats::Window;
using transport::Route;

TEST(AnswersTest, EachRouteIsAnsweredByWhoRegisteredLast) {
    ManualClock clock;
    observe::ErrorTracker errors{clock};
    Answers answers{errors};
    EXPECT_EQ(asked(answers, {Route::health}).error().code, "not_found");
    for (const int status : {200, 503})
        answers.add(Route::health,
                    [status](const MonitorRequest&) -> MonitorAnswer { return json_response(R"({"n":1})", status); });
    const auto answer = asked(answers, {Route::health});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(answer->body, R"({"n":1})");
    EXPECT_EQ(asked(answers, {Route::metrics}).error().code, "not_found");
}

TEST(AnswersTest, AnExceptionIsAFaultWithoutItsText) {
    ManualClock clock;
    observe::ErrorTracker errors{clock};
    Answers answers{errors};
    answers.add(Route::errors, [](const MonitorRequest&) -> MonitorAnswer { throw std::runtime_error("secret"); });
    const auto answer = asked(answers, {Route::errors});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "server_fault");
    EXPECT_EQ(answer.error().message.find("secret"), std::string::npos);
}

TEST(AnswersTest, AWindowIsReadInOnePlace) {
    const auto window = [](const char* query) { return window_of({Route::performance, {}, query}); };
    EXPECT_EQ(*window(""), Window::five_minutes);
    EXPECT_EQ(*window("x=1&window=1m"), Window::minute);
    EXPECT_EQ(*window("window=5m"), Window::five_minutes);
    EXPECT_EQ(*window("window=1h"), Window::hour);
    EXPECT_EQ(*window("window=%32%34h"), Window::day);
    EXPECT_EQ(*window_of({Route::errors}, Window::hour), Window::hour);
    for (const char* bad : {"window=", "window=2m", "window=1M", "window=%", "window=24h%20"})
        EXPECT_EQ(window(bad).error().code, "bad_request") << bad;
}

}  // namespace
}  // namespace mythos::monitor
