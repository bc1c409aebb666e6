// The simulator's randomness: one seeded stream, the same on every machine.
// Not thread-safe: the simulator has one thread.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace mythos::sim {

// SplitMix64 (Steele, Lea, Flood 2014): passes BigCrush, has no bad seeds.
class Rng {
public:
    explicit Rng(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    // 0 .. n-1; n > 0. The bias of the remainder is far below what a simulation could show.
    std::uint64_t below(std::uint64_t n) { return next() % n; }
    std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
    bool chance(unsigned percent) { return below(100) < percent; }

    Duration between(Duration low, Duration high) {
        return {low.ns + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high.ns - low.ns) + 1))};
    }

    template <class T>
    T& pick(std::vector<T>& from) {
        return from[below(from.size())];
    }
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }

    // Another stream, so that drawing more in one place does not shift what another draws.
    Rng fork() { return Rng(next()); }

private:
    std::uint64_t state_;
};

}  // namespace mythos::sim
