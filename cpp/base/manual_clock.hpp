// A clock that stands still until a test or the simulator moves it.
// Safe to read from any thread while one thread moves it.
#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace mythos {

class ManualClock final : public Clock {
public:
    explicit ManualClock(WallTime start = {1'764'000'000'000'000'000}) : wall_ns_(start.ns) {}

    MonoTime mono() const override { return {mono_ns_.load(std::memory_order_acquire)}; }
    WallTime wall() const override { return {wall_ns_.load(std::memory_order_acquire)}; }

    // Moves both clocks forward by `d`, which must not be negative.
    void advance(Duration d);

    // Steps only the wall clock, as NTP or an administrator would; `d` may be negative.
    void step_wall(Duration d);

private:
    std::atomic<std::int64_t> mono_ns_{0};
    std::atomic<std::int64_t> wall_ns_;
};

}  // namespace mythos
