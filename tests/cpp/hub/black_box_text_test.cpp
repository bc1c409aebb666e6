#include "hub/black_box_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hub/survey_shard.hpp"

namespace mythos::hub {
namespace {

using Event = BlackBox::Event;
using nlohmann::json;

constexpr WallTime kOpenedAt{seconds(1'800'000'000).ns};

MonoTime at_ms(std::int64_t ms) { return MonoTime{} + milliseconds(ms); }

BlackBoxWords words() {
    return {"ep", [](std::uint64_t target) {
                return target == 7 ? std::optional<std::string>("room:tavern") : std::nullopt;
            }};
}

TEST(BlackBoxTextTest, SaysEveryEventInWords) {
    BlackBox box(at_ms(0), kOpenedAt);
    box.note(Event::opened, at_ms(0), {1, 1, 3});
    box.note(Event::replayed, at_ms(1), {12});
    box.note(Event::subscribed, at_ms(2), {7});
    box.note(Event::unsubscribed, at_ms(3), {8});
    box.ping(at_ms(1'000), 1'500);
    box.acknowledged(at_ms(2'000), 42);
    box.blocked(at_ms(2'001));
    box.note(Event::promoted, at_ms(2'002), {5});
    box.note(Event::demoted, at_ms(2'003));
    box.note(Event::gap, at_ms(2'004), {9, 4});
    box.note(Event::gap, at_ms(2'005), {9, 0});
    box.note(Event::unhealthy, at_ms(2'006), {heartbeat_missed | lagging});
    box.note(Event::healthy, at_ms(2'007));
    box.note(Event::closing, at_ms(2'008), {4004});
    const json told = json::parse(events_json(box, words(), 100'000));
    json expected = json::parse(R"([
        {"event":"opened","start":"resumed","standby":true,"subscriptions":3},
        {"event":"replayed","entries":12},
        {"event":"subscribed","channel":"room:tavern"},
        {"event":"unsubscribed"},
        {"event":"life_signs","pings":1,"rtt_ms":1.5,"longest_rtt_ms":1.5,"acks":1,"acknowledged":"ep-42"},
        {"event":"slow","times":1,"drained":false},
        {"event":"promoted","cursor":"ep-5"},
        {"event":"demoted"},
        {"event":"gap","before":"ep-9","lost":3},
        {"event":"gap","before":"ep-9"},
        {"event":"unhealthy","causes":["heartbeat_missed","lagging"]},
        {"event":"healthy"},
        {"event":"closing","close_code":4004}])");
    ASSERT_EQ(told.size(), expected.size()) << told;
    for (std::size_t i = 0; i < told.size(); ++i) {
        json without_times = told[i];
        without_times.erase("at");
        without_times.erase("until");
        EXPECT_EQ(without_times, expected[i]);
    }
    EXPECT_EQ(told[4]["at"], "2027-01-15T08:00:01.000000Z");
    EXPECT_EQ(told[4]["until"], "2027-01-15T08:00:02.000000Z");
    EXPECT_FALSE(told[5].contains("until"));
}

TEST(BlackBoxTextTest, TheNewestAreTakenWhereNotAllFit) {
    BlackBox box(at_ms(0), kOpenedAt);
    for (std::uint64_t i = 0; i < 40; ++i) box.note(Event::replayed, at_ms(static_cast<int>(i)), {i});
    const std::string text = events_json(box, words(), 300);
    EXPECT_LE(text.size(), 300u);
    const json told = json::parse(text);
    ASSERT_GE(told.size(), 2u);
    EXPECT_EQ(told.back()["entries"], 39);
    EXPECT_EQ(events_json(BlackBox(at_ms(0), kOpenedAt), words(), 300), "[]");
}

}  // namespace
}  // namespace mythos::hub
