#include "hub/black_box.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mythos::hub {
namespace {

using Event = BlackBox::Event;

struct Told {
    Event event;
    std::int64_t at_ms, until_ms;
    std::vector<std::uint64_t> values;
    friend bool operator==(const Told&, const Told&) = default;
};

std::ostream& operator<<(std::ostream& out, const Told& told) {
    out << BlackBox::name_of(told.event) << " at " << told.at_ms << " until " << told.until_ms;
    for (const auto value : told.values) out << ' ' << value;
    return out;
}

std::vector<Told> told_by(const BlackBox& box) {
    std::vector<Told> all;
    box.each([&](const BlackBox::Reading& r) {
        all.push_back({r.event, r.at.ms(), r.until.ms(), {r.values.begin(), r.values.end()}});
    });
    return all;
}

MonoTime at_ms(std::int64_t ms) { return MonoTime{} + seconds(100) + milliseconds(ms); }

TEST(BlackBoxTest, TellsEachEventWithItsTimeAndValues) {
    BlackBox box(at_ms(0));
    box.note(Event::opened, at_ms(0), {1, 0, 2});
    box.note(Event::subscribed, at_ms(5), {300});
    box.note(Event::gap, at_ms(70'000), {~std::uint64_t{0}, 0});
    box.note(Event::healthy, at_ms(70'000));
    const std::vector<Told> expected{{Event::opened, 0, 0, {1, 0, 2}},
                                     {Event::subscribed, 5, 5, {300}},
                                     {Event::gap, 70'000, 70'000, {~std::uint64_t{0}, 0}},
                                     {Event::healthy, 70'000, 70'000, {}}};
    EXPECT_EQ(told_by(box), expected);
    EXPECT_EQ(told_by(BlackBox(box)), expected) << "a copy tells the same";
    EXPECT_EQ(box.forgotten(), 0u);
    EXPECT_EQ(box.opened(), at_ms(0));
}

TEST(BlackBoxTest, LifeSignsBetweenTwoOtherEventsAreOneRecord) {
    BlackBox box(at_ms(0));
    box.ping(at_ms(1'000), 900);
    box.acknowledged(at_ms(1'200), 40);
    box.ping(at_ms(16'000), 70'000);
    box.acknowledged(at_ms(16'200), 41);
    box.ping(at_ms(31'000), 500);
    box.note(Event::demoted, at_ms(32'000));
    box.acknowledged(at_ms(33'000), 50);
    EXPECT_EQ(told_by(box), (std::vector<Told>{{Event::signs, 1'000, 31'000, {3, 500, 70'000, 2, 41}},
                                               {Event::demoted, 32'000, 32'000, {}},
                                               {Event::signs, 33'000, 33'000, {0, 0, 0, 1, 50}}}));
}

TEST(BlackBoxTest, BlockingAgainAndAgainIsOneRecord) {
    BlackBox box(at_ms(0));
    for (int i = 0; i < 1'000; ++i) {
        box.blocked(at_ms(10 * i));
        box.drained(at_ms(10 * i + 5));
    }
    EXPECT_EQ(told_by(box), (std::vector<Told>{{Event::slow, 0, 9'995, {1'000, 1}}}));
    box.blocked(at_ms(20'000));
    EXPECT_EQ(told_by(box).back(), (Told{Event::slow, 0, 20'000, {1'001, 0}}));
    box.ping(at_ms(20'001), 1);
    box.drained(at_ms(20'100));
    EXPECT_EQ(told_by(box).back(), (Told{Event::slow, 20'100, 20'100, {0, 1}}));
}

TEST(BlackBoxTest, IdleItIsOneSmallBlockAndItIsBounded) {
    BlackBox box(at_ms(0));
    box.note(Event::opened, at_ms(0), {0, 0, 1});
    box.note(Event::subscribed, at_ms(3), {12});
    box.reserve();
    EXPECT_LE(box.memory_bytes(), 56u) << "with malloc's own 8 a block of 64";
    for (int i = 1; i < 10'000; ++i) {
        box.ping(at_ms(15'000 * i), 250 + static_cast<std::uint64_t>(i));
        box.acknowledged(at_ms(15'000 * i + 20), 1);
    }
    EXPECT_LE(box.memory_bytes(), 72u) << "with malloc's own 8 a block of 80";
    EXPECT_EQ(told_by(box).size(), 3u);
    for (std::uint64_t i = 0; i < 5'000; ++i) box.note(Event::subscribed, at_ms(200'000'000), {i});
    EXPECT_LE(box.memory_bytes(), BlackBox::kEventBytesMax + 32);
    const auto kept = told_by(box);
    EXPECT_GT(kept.size(), 50u);
    EXPECT_EQ(kept.back(), (Told{Event::subscribed, 200'000'000, 200'000'000, {4'999}}));
    EXPECT_EQ(kept.front().at_ms, 200'000'000);
    EXPECT_EQ(box.forgotten(), 5'003 - kept.size());
}

TEST(BlackBoxTest, InPlaceNothingIsAllocatedAndTheOldestMakesRoom) {
    BlackBox box(at_ms(0));
    const std::size_t before = box.memory_bytes();
    for (std::uint64_t i = 0; i < 100; ++i) box.note_in_place(Event::gap, at_ms(static_cast<int>(i)), {i, 1});
    EXPECT_EQ(box.memory_bytes(), before);
    EXPECT_EQ(told_by(box).back(), (Told{Event::gap, 99, 99, {99, 1}}));
    EXPECT_GT(box.forgotten(), 80u);
    box.reserve();
    EXPECT_GT(box.memory_bytes(), before);
    EXPECT_EQ(told_by(box).back(), (Told{Event::gap, 99, 99, {99, 1}}));
}

TEST(BlackBoxTest, AClockThatGoesBackStandsStill) {
    BlackBox box(at_ms(0));
    box.note(Event::demoted, at_ms(50));
    box.note(Event::healthy, at_ms(20));
    box.note(Event::healthy, at_ms(60));
    EXPECT_EQ(told_by(box)[1].at_ms, 50);
    EXPECT_EQ(told_by(box)[2].at_ms, 60);
}

// Against a plain list: whatever is noted in whatever order, what is kept is the newest of it, unaltered.
TEST(BlackBoxTest, KeepsTheNewestOfAnything) {
    for (std::uint32_t seed = 0; seed < 60; ++seed) {
        std::mt19937_64 random(seed);
        BlackBox box(at_ms(0));
        std::vector<Told> model;
        std::int64_t now = 0;
        const auto value = [&] { return random() >> (random() % 64); };
        const auto repeated = [&](Event event) -> Told* {
            return !model.empty() && model.back().event == event ? &model.back() : nullptr;
        };
        for (int step = 0; step < 300; ++step) {
            now += static_cast<std::int64_t>(random() % 3 == 0 ? random() % 100'000 : random() % 20);
            switch (random() % 6) {
                case 0: {
                    const std::uint64_t rtt = value();
                    box.ping(at_ms(now), rtt);
                    if (Told* last = repeated(Event::signs)) {
                        last->until_ms = now;
                        ++last->values[0];
                        last->values[1] = rtt;
                        last->values[2] = std::max(last->values[2], rtt);
                    } else {
                        model.push_back({Event::signs, now, now, {1, rtt, rtt, 0, 0}});
                    }
                    break;
                }
                case 1:
                    box.blocked(at_ms(now));
                    if (Told* last = repeated(Event::slow)) {
                        *last = {Event::slow, last->at_ms, now, {last->values[0] + 1, 0}};
                    } else {
                        model.push_back({Event::slow, now, now, {1, 0}});
                    }
                    break;
                case 2: {
                    const std::uint64_t a = value(), b = value();
                    box.note_in_place(Event::gap, at_ms(now), {a, b});
                    model.push_back({Event::gap, now, now, {a, b}});
                    break;
                }
                case 3:
                    box.reserve();
                    break;
                default: {
                    const std::uint64_t target = value();
                    box.note(Event::subscribed, at_ms(now), {target});
                    model.push_back({Event::subscribed, now, now, {target}});
                }
            }
            const auto kept = told_by(box);
            ASSERT_LE(kept.size(), model.size());
            ASSERT_FALSE(kept.empty() && !model.empty());
            const std::vector<Told> newest(model.end() - static_cast<std::ptrdiff_t>(kept.size()), model.end());
            ASSERT_EQ(kept, newest) << "seed " << seed << " step " << step;
            ASSERT_EQ(kept.size() + box.forgotten(), model.size());
        }
    }
}

}  // namespace
}  // namespace mythos::hub
