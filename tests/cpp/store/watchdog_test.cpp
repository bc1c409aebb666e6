#include "store/watchdog.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace mythos::store {
namespace {

TEST(WatchdogTest, BitesOnceTheBoundIsOver) {
    Watchdog watchdog;
    std::promise<void> bitten;
    watchdog.arm(milliseconds(1), [&] { bitten.set_value(); });
    bitten.get_future().wait();
    watchdog.bite();  // once only: a promise is kept once
}

TEST(WatchdogTest, LeavesAloneWhoIsDone) {
    Watchdog watchdog;
    std::atomic<int> bites{0};
    watchdog.arm(seconds(3'600), [&] { ++bites; });
    watchdog.disarm();
    watchdog.bite();
    std::promise<void> next;
    watchdog.arm(milliseconds(1), [&] { next.set_value(); });
    next.get_future().wait();
    EXPECT_EQ(bites, 0);
}

TEST(WatchdogTest, BitesAtOnceWhenToldTo) {
    Watchdog watchdog;
    std::atomic<int> bites{0};
    watchdog.arm(seconds(3'600), [&] { ++bites; });
    watchdog.bite();
    EXPECT_EQ(bites, 1);
}

}  // namespace
}  // namespace mythos::store
