#include "stats/window_rings.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace mythos::stats {
namespace {

// Keeps everything that was put into it.
struct Kept {
    std::vector<int> all;
    int shrunk = 0;
    void merge(const Kept& other) { all.insert(all.end(), other.all.begin(), other.all.end()); }
    void shrink() { ++shrunk; }
};

struct Rings {
    WindowRings<Kept> rings{MonoTime{}};
    std::array<std::vector<int>, 4> expired;

    void tick(Duration at, std::vector<int> happened = {}) {
        rings.tick(MonoTime{} + at, {std::move(happened)}, [this](Window window, const Kept& kept) {
            auto& all = expired[index_of(window)];
            all.insert(all.end(), kept.all.begin(), kept.all.end());
        });
    }
    std::vector<int> in(Window window) const {
        std::vector<int> all;
        for (const auto& slot : rings.slots(window))
            all.insert(all.end(), slot.content.all.begin(), slot.content.all.end());
        return all;
    }
};

using Numbers = std::vector<int>;

TEST(WindowRingsTest, WindowsHaveNames) {
    EXPECT_EQ(window_named("1m"), Window::minute);
    EXPECT_EQ(window_named("24h"), Window::day);
    EXPECT_EQ(window_named("2h"), std::nullopt);
    EXPECT_EQ(shape_of(Window::five_minutes).name, "5m");
    for (const auto& [window, length] : {std::pair{Window::minute, seconds(60)},
                                         {Window::five_minutes, seconds(300)},
                                         {Window::hour, seconds(3'600)},
                                         {Window::day, seconds(86'400)}})
        EXPECT_EQ(shape_of(window).slot * shape_of(window).slots, length);
}

TEST(WindowRingsTest, WhatATickBroughtIsToldForTheWindowAndForLessThanASlotMore) {
    for (const Window window : kEachWindow) {
        const WindowShape& shape = shape_of(window);
        const Duration length = shape.slot * shape.slots;
        for (const Duration at : {nanoseconds(1), shape.slot / 2, shape.slot - nanoseconds(1), shape.slot}) {
            Rings rings;
            rings.tick(at, {1});
            rings.tick(at + length);
            EXPECT_EQ(rings.in(window), Numbers{1}) << shape.name;
            EXPECT_TRUE(rings.expired[index_of(window)].empty());
            rings.tick(at + length + shape.slot);
            EXPECT_TRUE(rings.in(window).empty()) << shape.name;
            EXPECT_EQ(rings.expired[index_of(window)], Numbers{1});
        }
    }
}

TEST(WindowRingsTest, ATickOnTheBoundaryEndsItsSlot) {
    Rings rings;
    for (int second = 1; second <= 200; ++second) rings.tick(seconds(second), {second});
    Numbers minute(61), five(200);
    std::iota(minute.begin(), minute.end(), 140);
    std::iota(five.begin(), five.end(), 1);
    EXPECT_EQ(rings.in(Window::minute), minute);
    EXPECT_EQ(rings.rings.seconds(Window::minute), 61);
    EXPECT_EQ(rings.in(Window::five_minutes), five);
    EXPECT_EQ(rings.rings.seconds(Window::five_minutes), 200);
    EXPECT_EQ(rings.rings.slots(Window::five_minutes).size(), 40u);
}

TEST(WindowRingsTest, AClockThatStandsStillOrGoesBackAddsToTheNewestSlot) {
    Rings rings;
    rings.tick(Duration{}, {1});
    rings.tick(Duration{}, {2});
    EXPECT_EQ(rings.in(Window::minute), (Numbers{1, 2}));
    EXPECT_EQ(rings.rings.seconds(Window::minute), 0);
    rings.tick(seconds(9), {3});
    rings.tick(seconds(4), {4});
    EXPECT_EQ(rings.in(Window::minute), (Numbers{1, 2, 3, 4}));
    EXPECT_EQ(rings.rings.now(), MonoTime{} + seconds(9));
    EXPECT_EQ(rings.rings.slots(Window::minute).size(), 2u);
}

TEST(WindowRingsTest, AfterALeapTheNewestSlotSaysWhatTimeItCovers) {
    Rings rings;
    rings.tick(seconds(10), {1});
    rings.tick(seconds(10 + 3 * 3'600), {2});
    EXPECT_EQ(rings.in(Window::minute), Numbers{2});
    EXPECT_EQ(rings.in(Window::hour), Numbers{2});
    EXPECT_EQ(rings.in(Window::day), (Numbers{1, 2}));
    EXPECT_EQ(rings.rings.seconds(Window::minute), 3 * 3'600);
    rings.tick(seconds(12 + 3 * 3'600));
    EXPECT_EQ(rings.rings.seconds(Window::minute), 3 * 3'600 + 2);
    rings.tick(seconds(75 + 3 * 3'600));
    EXPECT_EQ(rings.in(Window::minute), Numbers{});
    EXPECT_EQ(rings.rings.seconds(Window::minute), 63) << "since the tick before";
    EXPECT_EQ(rings.rings.slots(Window::minute).size(), 1u);
}

TEST(WindowRingsTest, SlotsAreAsManyAsTheirWindowHasAndOne) {
    Rings rings;
    for (int quarter = 1; quarter < 4 * 30 * 900; ++quarter) rings.tick(milliseconds(250) * quarter, {});
    for (const Window window : {Window::minute, Window::five_minutes, Window::hour})
        EXPECT_EQ(rings.rings.slots(window).size(), 61u);
    EXPECT_EQ(rings.rings.slots(Window::day).size(), 30u);
    for (int day = 1; day < 97 * 9; ++day) rings.tick(seconds(27'000 + 100 * day), {});
    EXPECT_EQ(rings.rings.slots(Window::day).size(), 97u);
}

TEST(WindowRingsTest, ASlotIsShrunkOnceWhenItIsOver) {
    Rings rings;
    for (int second = 1; second <= 30; ++second) rings.tick(seconds(second), {second});
    const auto& slots = rings.rings.slots(Window::five_minutes);
    for (const auto& slot : slots) EXPECT_EQ(slot.content.shrunk, &slot == &slots.back() ? 0 : 1);
}

TEST(WindowRingsTest, TheClockMayBeginBelowZero) {
    WindowRings<Kept> rings{MonoTime{} - seconds(10)};
    const auto ignore = [](Window, const Kept&) {};
    for (int second = -9; second <= 10; ++second) rings.tick(MonoTime{} + seconds(second), {{second}}, ignore);
    EXPECT_EQ(rings.slots(Window::five_minutes).size(), 4u);
    EXPECT_EQ(rings.seconds(Window::five_minutes), 20);
}

}  // namespace
}  // namespace mythos::stats
