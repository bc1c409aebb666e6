#include "stats/histogram_windows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <random>
#include <thread>

namespace mythos::stats {
namespace {

constexpr MonoTime at(std::int64_t s) { return MonoTime{} + seconds(s); }

std::vector<std::shared_ptr<HistogramShard>> shards(std::size_t n) {
    std::vector<std::shared_ptr<HistogramShard>> made;
    for (std::size_t i = 0; i < n; ++i) made.push_back(std::make_shared<HistogramShard>());
    return made;
}

TEST(HistogramWindowsTest, AddsUpTheShards) {
    const auto both = shards(2);
    both[0]->record(99);
    HistogramWindows windows(at(0), both);
    both[0]->record(10);
    both[1]->record(20, 3);
    windows.tick(at(2));
    const auto summary = windows.read(Window::five_minutes).summary();
    EXPECT_EQ(summary.count, 4u) << "what was recorded before it began is not told";
    EXPECT_EQ(summary.mean, 17.5);
    EXPECT_EQ(summary.p50, 20);
    EXPECT_EQ(summary.max, 20);
    EXPECT_EQ(summary.rate, 2);
    EXPECT_EQ(lifetime(both).count(), 5u);
    EXPECT_EQ(lifetime(both).sum(), 169u);
}

TEST(HistogramWindowsTest, NothingChangesBetweenTicks) {
    const auto one = shards(1);
    HistogramWindows windows(at(0), one);
    one[0]->record(10);
    EXPECT_EQ(windows.read(Window::minute).count(), 0u);
    windows.tick(at(1));
    one[0]->record(10);
    EXPECT_EQ(windows.read(Window::minute).count(), 1u);
}

TEST(HistogramWindowsTest, TheMaximumIsExactAndLeavesWithItsSlot) {
    const auto both = shards(2);
    HistogramWindows windows(at(0), both);
    both[0]->record(1'234'567'891);
    both[1]->record(7);
    windows.tick(at(1));
    both[1]->record(1'001);
    windows.tick(at(2));
    EXPECT_EQ(windows.read(Window::minute).max(), 1'234'567'891u);
    windows.tick(at(62));
    EXPECT_EQ(windows.read(Window::minute).max(), 1'001u);
    windows.tick(at(63));
    EXPECT_EQ(windows.read(Window::minute).max(), 0u);
    EXPECT_EQ(windows.read(Window::minute).percentile(99), 0);
    EXPECT_EQ(windows.read(Window::hour).max(), 1'234'567'891u);
}

TEST(HistogramWindowsTest, SaysWhatIsBeyondTheRange) {
    const auto one = shards(1);
    HistogramWindows windows(at(0), one);
    one[0]->record(kValueMax + 1);
    windows.tick(at(1));
    EXPECT_EQ(windows.read(Window::minute).overflow(), 1u);
    EXPECT_EQ(windows.read(Window::minute).max(), kValueMax);
    windows.tick(at(70));
    EXPECT_EQ(windows.read(Window::minute).overflow(), 0u);
}

// Against a list of all values: random loads on two shards, random ticks, every window and percentile.
TEST(HistogramWindowsTest, EveryPercentileOfEveryWindowIsWithinTheBound) {
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        std::mt19937_64 random(seed);
        const auto both = shards(2);
        MonoTime now{};
        HistogramWindows windows(now, both);
        std::deque<std::pair<MonoTime, std::uint64_t>> all;
        std::lognormal_distribution<double> spread(8 + static_cast<double>(random() % 12), 1.5);
        for (int tick = 0; tick < 150; ++tick) {
            const bool leap = random() % 20 == 0;
            now = now + milliseconds(static_cast<std::int64_t>(random() % (leap ? 4'000'000 : 2'000)) + 1);
            for (auto n = random() % 30; n > 0; --n) {
                const auto value = static_cast<std::uint64_t>(std::min(spread(random), 1e13));
                const std::uint64_t weight = 1 + random() % 5;
                both[random() % 2]->record(value, weight);
                all.insert(all.end(), weight, {now, value});
            }
            windows.tick(now);
            for (const Window window : kEachWindow) {
                const Distribution told = windows.read(window);
                const MonoTime from = now - Duration{std::llround(told.seconds() * 1e9)};
                std::vector<std::uint64_t> exact;
                for (const auto& [when, value] : all)
                    if (when > from) exact.push_back(value);
                ASSERT_EQ(told.count(), exact.size());
                if (exact.empty()) continue;
                std::ranges::sort(exact);
                ASSERT_EQ(told.max(), exact.back());
                for (const std::uint64_t thousandth : {0u, 1u, 250u, 500u, 900u, 950u, 990u, 999u, 1'000u}) {
                    const auto rank = std::max<std::size_t>((thousandth * exact.size() + 999) / 1'000, 1);
                    const auto right = static_cast<double>(exact[rank - 1]);
                    const double said = told.percentile(static_cast<double>(thousandth) / 10);
                    ASSERT_LE(std::abs(said - right), right * kErrorBound)
                        << shape_of(window).name << " " << thousandth;
                }
            }
        }
    }
}

TEST(HistogramWindowsTest, MemoryStaysAsSmallAsIsSaid) {
    const auto one = shards(1);
    HistogramWindows windows(at(0), one);
    EXPECT_LT(windows.memory_bytes(), std::size_t{101} << 10);
    std::mt19937_64 random(1);
    std::lognormal_distribution<double> spread(15, 1.5);  // 3 ms in the middle, 30 us to 300 ms
    // A day whose every slot sees as wide a spread as it may: the last hour second by second.
    const auto load = [&](int records) {
        for (; records > 0; --records) one[0]->record(static_cast<std::uint64_t>(spread(random)), 20);
    };
    for (int quarter = 1; quarter <= 92; ++quarter) {
        load(5'000);
        windows.tick(at(900 * quarter));
    }
    for (int second = 1; second <= 3'600; second += second < 3'200 ? 10 : 1) {
        load(second < 3'200 ? 1'000 : 2'000);
        windows.tick(at(900 * 92 + second));
    }
    EXPECT_GT(windows.read(Window::minute).count(), 2'000'000u);
    EXPECT_LT(windows.memory_bytes(), std::size_t{700} << 10);
    EXPECT_GT(windows.memory_bytes(), std::size_t{300} << 10) << "the load is not what it was meant to be";
}

TEST(HistogramWindowsTest, TwoThreadsRecordAtFullSpeedWhileAThirdTicksAndReads) {
    const auto both = shards(2);
    HistogramWindows windows(at(0), both);
    constexpr std::uint64_t records = 150'000;
    std::atomic<int> running{2};
    const auto record = [&](std::size_t index) {
        std::mt19937_64 random(index + 1);
        for (std::uint64_t i = 0; i < records; ++i) both[index]->record(random() % 1'000'000, 1 + i % 3);
        running.fetch_sub(1);
    };
    std::thread first(record, 0), second(record, 1);
    std::int64_t now_ms = 0;
    std::uint64_t seen = 0;
    for (bool last = false; !last;) {
        last = running.load() == 0;
        windows.tick(MonoTime{} + milliseconds(++now_ms % 50'000));
        const Distribution all = windows.read(Window::day);
        ASSERT_GE(all.count(), seen);
        ASSERT_LT(all.max(), 1'008'000u);
        seen = all.count();
    }
    first.join();
    second.join();
    const Distribution all = windows.read(Window::day);
    EXPECT_EQ(all.count(), 2 * records * 2) << "weights 1, 2 and 3 by turns";
    EXPECT_EQ(all.count(), lifetime(both).count());
    EXPECT_EQ(all.sum(), lifetime(both).sum());
}

}  // namespace
}  // namespace mythos::stats
