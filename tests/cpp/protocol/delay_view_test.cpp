// How late entries came, by a client's own clock.
#include "protocol/delay_view.hpp"

#include <gtest/gtest.h>

namespace mythos::protocol {
namespace {

constexpr double kServer = 1'764'000'000;  // its clock, in epoch seconds, where this client's shows 0

MonoTime at_ms(double ms) { return MonoTime{static_cast<std::int64_t>(ms * 1e6)}; }

// An entry sent at `sent` took `way`, both in milliseconds.
void apply(DelayView& view, double sent, double way) { view.applied(at_ms(sent + way), kServer + sent / 1e3); }

TEST(DelayViewTest, CountsFromTheFastestWhateverTheClocksShow) {
    DelayView view;
    EXPECT_EQ(view.take(), "");
    apply(view, 100, 40);
    apply(view, 200, 40);
    apply(view, 300, 48);
    EXPECT_EQ(view.take(), "[[0.0,2],[8.0,1]]");
    EXPECT_EQ(view.take(), "") << "each entry is told once";
}

TEST(DelayViewTest, AHeartbeatMayBeTheFastest) {
    DelayView view;
    view.heard(at_ms(110), kServer + 0.1);
    apply(view, 200, 42);
    EXPECT_EQ(view.take(), "[[32.0,1]]");
}

TEST(DelayViewTest, TheFastestIsForgottenInTime) {
    DelayView view;
    const double minutes = 60'000;
    apply(view, 0, 10);
    apply(view, 6 * minutes, 50);
    EXPECT_EQ(view.take(), "[[0.0,1],[40.0,1]]") << "of the five minutes before";
    apply(view, 12 * minutes, 50);
    EXPECT_EQ(view.take(), "[[0.0,1]]");
}

TEST(DelayViewTest, AServersClockThatIsSetBackIsNoDelay) {
    DelayView view;
    const double hours = 3'600'000;
    apply(view, 0, 10);
    EXPECT_EQ(view.take(), "[[0.0,1]]");
    // From now on its clock shows five hours less.
    view.applied(at_ms(1'010), kServer + (1'000 - 5 * hours) / 1e3);
    EXPECT_EQ(view.take(), "");
    view.applied(at_ms(2'018), kServer + (2'000 - 5 * hours) / 1e3);
    EXPECT_EQ(view.take(), "[[8.0,1]]");
}

TEST(DelayViewTest, AlikeOnesFallTogetherAndTheGroupsAreBounded) {
    DelayView view;
    apply(view, 0, 10);
    for (int i = 0; i < 1'000; ++i) apply(view, 10 + i * 0.001, 10 + 0.2 * i);
    std::string told = view.take();
    EXPECT_LE(std::count(told.begin(), told.end(), '['), 17);
    apply(view, 5'000, 108);
    apply(view, 5'001, 109);
    EXPECT_EQ(view.take(), "[[96.0,2]]") << "within an eighth";
}

}  // namespace
}  // namespace mythos::protocol
