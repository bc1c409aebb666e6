#include "stats/count_windows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "stats/errors.hpp"

namespace mythos::stats {
namespace {

constexpr MonoTime at(std::int64_t s) { return MonoTime{} + seconds(s); }

TEST(CountWindowsTest, TellsWhatCameSinceItBegan) {
    std::vector<std::uint64_t> totals = {5, 0, 1'000};
    CountWindows windows(at(0), totals);
    totals = {5, 2, 1'600};
    windows.tick(at(4), totals);
    EXPECT_EQ(windows.counts(Window::minute)[0], 0u);
    EXPECT_EQ(windows.counts(Window::minute)[1], 2u);
    EXPECT_EQ(windows.rate(Window::day, 2), 150);
    EXPECT_EQ(windows.seconds(Window::day), 4);
}

TEST(CountWindowsTest, BeforeTheFirstTickAndWithoutTimeThereIsNoRate) {
    std::vector<std::uint64_t> totals = {0};
    CountWindows windows(at(3), totals);
    EXPECT_EQ(windows.rate(Window::minute, 0), 0);
    totals[0] = 9;
    windows.tick(at(3), totals);
    EXPECT_EQ(windows.counts(Window::minute)[0], 9u);
    EXPECT_EQ(windows.rate(Window::minute, 0), 0);
}

TEST(CountWindowsTest, ATotalMayWrap) {
    std::vector<std::uint64_t> totals = {~std::uint64_t{0} - 1};
    CountWindows windows(at(0), totals);
    totals[0] = 3;
    windows.tick(at(1), totals);
    EXPECT_EQ(windows.counts(Window::minute)[0], 5u);
}

TEST(CountWindowsTest, ErrorsAreNeverCappedByASample) {
    ErrorShard shard;
    std::vector<std::uint64_t> totals(kErrors);
    CountWindows windows(at(0), totals);
    const std::size_t kind = index_of(ErrorType::connection, Severity::medium);
    for (int second = 1; second <= 3'600; ++second) {
        shard.add(kind, 10);
        for (std::size_t i = 0; i < kErrors; ++i) totals[i] = shard.read(i);
        windows.tick(at(second), totals);
    }
    EXPECT_EQ(windows.counts(Window::minute)[kind], 610u);
    EXPECT_EQ(windows.counts(Window::hour)[kind], 36'000u);
    EXPECT_EQ(windows.rate(Window::hour, kind), 10);
}

TEST(CountWindowsTest, AMaximumLeavesWithItsSlot) {
    const std::vector<std::uint64_t> totals = {0};
    CountWindows windows(at(0), totals);
    windows.tick(at(1), totals, 90);
    windows.tick(at(30), totals, 40);
    EXPECT_EQ(windows.max(Window::minute), 90u);
    windows.tick(at(62), totals, 0);
    EXPECT_EQ(windows.max(Window::minute), 40u);
    EXPECT_EQ(windows.max(Window::five_minutes), 90u);
}

// Against a list of all that ever happened: clocks that crawl, stand still, go back and leap.
class Reference {
public:
    explicit Reference(std::uint32_t seed) : random_(seed), windows_(now_, totals_) {}

    void step() {
        const MonoTime before = now_;
        const MonoTime said = next_tick();
        now_ = std::max(now_, said);
        // What comes in the very instant of the beginning has no place on a line of left-open stretches.
        for (auto n = now_ == start_ ? 0 : random_() % 4; n > 0; --n) happen(before);
        windows_.tick(said, totals_);
    }
    void check() const {
        for (const Window window : kEachWindow) {
            const WindowShape& shape = shape_of(window);
            const Duration length = shape.slot * shape.slots;
            const Duration covered{std::llround(windows_.seconds(window) * 1e9)};
            std::array<std::uint64_t, 3> in{};
            for (const Event& event : events_) {
                const bool is_in = event.at > now_ - covered;
                if (is_in) in[event.index] += event.n;
                if (event.ticked >= now_ - length) { ASSERT_TRUE(is_in) << shape.name << ": left too early"; }
                if (event.ticked <= now_ - length - shape.slot) {
                    ASSERT_FALSE(is_in) << shape.name << ": stays for more than a slot too long";
                }
            }
            for (std::size_t i = 0; i < in.size(); ++i) ASSERT_EQ(windows_.counts(window)[i], in[i]) << shape.name;
        }
    }

private:
    struct Event {
        MonoTime at, ticked;
        std::size_t index;
        std::uint64_t n;
    };

    MonoTime next_tick() {
        switch (random_() % 12) {
            case 0:
                return now_;
            case 1:
                return now_ - nanoseconds(static_cast<std::int64_t>(random_() % 5'000'000'000));
            case 2:
                return now_ + seconds(static_cast<std::int64_t>(random_() % 400));
            case 3:
                return now_ + nanoseconds(static_cast<std::int64_t>(random_() % 60'000'000'000));
            case 4:
                return random_() % 8 == 0 ? now_ + seconds(static_cast<std::int64_t>(random_() % 200'000)) : now_;
            case 5:
                return MonoTime{(now_.ns / 1'000'000'000 + 1) * 1'000'000'000};
            default:
                return now_ + milliseconds(900 + static_cast<std::int64_t>(random_() % 200));
        }
    }
    // At a time of its own, after `before` and not after now.
    void happen(MonoTime before) {
        const auto span = static_cast<std::uint64_t>((now_ - before).ns);
        const MonoTime when = span == 0 ? now_ : before + nanoseconds(1 + static_cast<std::int64_t>(random_() % span));
        const std::size_t index = random_() % totals_.size();
        const std::uint64_t n = 1 + random_() % 1'000;
        totals_[index] += n;
        events_.push_back({when, now_, index, n});
    }

    std::mt19937_64 random_;
    MonoTime now_{static_cast<std::int64_t>(random_() % 5'000'000'000)};
    const MonoTime start_ = now_;
    std::vector<std::uint64_t> totals_ = {0, 0, 0};
    std::vector<Event> events_;
    CountWindows windows_;
};

TEST(CountWindowsTest, CountsAreExactAndExpireWithinOneSlot) {
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Reference reference(seed);
        for (int i = 0; i < 400; ++i) {
            reference.step();
            if (i % 3 == 0) reference.check();
            if (testing::Test::HasFatalFailure()) return;
        }
    }
}

}  // namespace
}  // namespace mythos::stats
