#include "hub/survey.hpp"

#include <gtest/gtest.h>

namespace mythos::hub {
namespace {

MonoTime at(std::int64_t s) { return MonoTime{} + seconds(s); }

TEST(SurveyTest, SumsFollowTheirConnections) {
    Survey survey;
    Stream ws, sse;
    ws.events = BlackBox(at(0));
    sse.events = BlackBox(at(0));
    sse.wire = protocol::Wire::sse;
    EXPECT_FALSE(survey.take_changed());
    survey.enter(ws);
    survey.enter(sse);
    EXPECT_TRUE(survey.take_changed());
    EXPECT_EQ(survey.sums().healthy, (std::array<std::uint64_t, 2>{1, 1}));

    survey.judge(ws, heartbeat_missed | lagging, at(1));
    EXPECT_EQ(survey.sums().healthy, (std::array<std::uint64_t, 2>{0, 1}));
    EXPECT_EQ(survey.sums().unhealthy, (std::array<std::uint64_t, 2>{1, 0}));
    EXPECT_EQ(survey.sums().causes, (std::array<std::uint64_t, 3>{1, 0, 1}));
    survey.judge(ws, unacknowledged, at(2));
    EXPECT_EQ(survey.sums().causes, (std::array<std::uint64_t, 3>{0, 1, 0}));
    survey.judge(ws, 0, at(3));
    EXPECT_EQ(survey.sums().total(0), 1u);
    EXPECT_EQ(survey.sums().healthy[0], 1u);
    survey.judge(sse, lagging, at(3));
    survey.leave(sse);
    survey.leave(sse);
    EXPECT_EQ(survey.sums().total(1), 0u);
    EXPECT_EQ(survey.sums().causes, (std::array<std::uint64_t, 3>{0, 0, 0}));

    std::vector<BlackBox::Event> events;
    ws.events.each([&](const BlackBox::Reading& reading) { events.push_back(reading.event); });
    using Event = BlackBox::Event;
    EXPECT_EQ(events, (std::vector<Event>{Event::unhealthy, Event::unhealthy, Event::healthy}));
}

TEST(SurveyTest, AgesMoveOnAtTheGuidesBounds) {
    Survey survey;
    Stream stream;
    stream.events = BlackBox(at(0));
    survey.enter(stream);
    const auto bin_at = [&](std::int64_t s) {
        survey.judge(stream, 0, at(s));
        for (std::size_t i = 0; i < survey.sums().ages.size(); ++i)
            if (survey.sums().ages[i] == 1) return i;
        return std::size_t{9};
    };
    EXPECT_EQ(bin_at(299), 0u);
    EXPECT_EQ(bin_at(300), 1u);
    EXPECT_EQ(bin_at(1'799), 1u);
    EXPECT_EQ(bin_at(1'800), 2u);
    EXPECT_EQ(bin_at(7'200), 3u);
    EXPECT_EQ(survey.sums().total(), 1u);
    survey.leave(stream);
    EXPECT_EQ(survey.sums().ages, (std::array<std::uint64_t, 4>{0, 0, 0, 0}));
}

}  // namespace
}  // namespace mythos::hub
