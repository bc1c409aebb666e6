#include "stats/level_windows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace mythos::stats {
namespace {

constexpr MonoTime at(std::int64_t s) { return MonoTime{} + seconds(s); }

TEST(LevelWindowsTest, WeighsALevelByHowLongItHeld) {
    LevelWindows health(at(0), 100);
    health.set(at(6), 50);
    health.set(at(8), 100);
    health.tick(at(10));
    const auto minute = health.read(Window::minute);
    EXPECT_EQ(minute.mean, 90);
    EXPECT_EQ(minute.lowest, 50);
    EXPECT_EQ(minute.highest, 100);
    EXPECT_EQ(minute.seconds, 10);
}

TEST(LevelWindowsTest, WithoutTimeItIsTheLevelAsItIs) {
    LevelWindows health(at(0), 100);
    EXPECT_EQ(health.read(Window::day).mean, 100);
    health.set(at(0), 40);
    health.tick(at(0));
    const auto reading = health.read(Window::minute);
    EXPECT_EQ(reading.mean, 40);
    EXPECT_EQ(reading.lowest, 40);
    EXPECT_EQ(reading.seconds, 0);
}

TEST(LevelWindowsTest, ALevelThatHeldForNoTimeIsNotTold) {
    LevelWindows health(at(0), 100);
    health.set(at(1), 0);
    health.set(at(1), 100);
    health.tick(at(2));
    EXPECT_EQ(health.read(Window::minute).lowest, 100);
}

TEST(LevelWindowsTest, ADipLeavesWithItsSlotAndHoldsOnInTheLongerWindows) {
    LevelWindows health(at(0), 100);
    for (int second = 1; second <= 100; ++second) {
        if (second == 10) health.set(at(9), 20);
        if (second == 11) health.set(at(10), 100);
        health.tick(at(second));
    }
    EXPECT_EQ(health.read(Window::minute).lowest, 100);
    EXPECT_EQ(health.read(Window::minute).mean, 100);
    EXPECT_EQ(health.read(Window::five_minutes).lowest, 20);
    EXPECT_DOUBLE_EQ(health.read(Window::five_minutes).mean, 99.2);
}

TEST(LevelWindowsTest, RoundingNeverTellsOfAMeanBeyondTheHighest) {
    std::mt19937_64 random(1);
    LevelWindows health(at(0), 100);
    MonoTime now;
    for (int ticks = 0; ticks < 4000; ++ticks) {
        for (int set = 0; set < 3; ++set) {
            now = now + Duration{static_cast<std::int64_t>(random() % 400'000'000)};
            health.set(now, 100);
        }
        health.tick(now);
        for (const Window window : kEachWindow) ASSERT_EQ(health.read(window).mean, 100) << ticks;
    }
}

TEST(LevelWindowsTest, AClockThatGoesBackStandsStill) {
    LevelWindows health(at(0), 100);
    health.set(at(10), 60);
    health.set(at(5), 0);
    health.tick(at(7));
    EXPECT_EQ(health.read(Window::minute).mean, 100);
    EXPECT_EQ(health.read(Window::minute).seconds, 10);
    health.tick(at(20));
    EXPECT_EQ(health.read(Window::minute).mean, 50);
}

TEST(LevelWindowsTest, IsTheIntegralOfItsSteps) {
    for (std::uint32_t seed = 1; seed <= 30; ++seed) {
        std::mt19937_64 random(seed);
        LevelWindows level(at(0), 0);
        std::vector<std::pair<MonoTime, double>> steps = {{at(0), 0}};
        MonoTime now{};
        for (int i = 0; i < 600; ++i) {
            now = now + milliseconds(static_cast<std::int64_t>(random() % (i % 50 == 0 ? 3'000'000 : 1'500)) + 1);
            if (random() % 2 == 0) {
                steps.emplace_back(now, static_cast<double>(random() % 101));
                level.set(now, steps.back().second);
                continue;
            }
            level.tick(now);
            for (const Window window : kEachWindow) {
                const auto told = level.read(window);
                const MonoTime from = now - Duration{std::llround(told.seconds * 1e9)};
                double area = 0;
                for (std::size_t s = 0; s < steps.size(); ++s) {
                    const MonoTime end = s + 1 < steps.size() ? steps[s + 1].first : now;
                    area += steps[s].second * std::max((end - std::max(steps[s].first, from)).seconds(), 0.0);
                }
                ASSERT_NEAR(told.mean * told.seconds, area, 1e-6 * (1 + area)) << "seed " << seed;
            }
        }
    }
}

TEST(LevelWindowsTest, WhatIsNoNumberChangesNothing) {
    LevelWindows level(MonoTime{}, 80);
    for (const double wrong : {std::nan(""), HUGE_VAL, -HUGE_VAL}) level.set(MonoTime{} + seconds(1), wrong);
    level.tick(MonoTime{} + seconds(2));
    EXPECT_EQ(level.read(Window::minute).mean, 80);
}

}  // namespace
}  // namespace mythos::stats
