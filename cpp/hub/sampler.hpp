// Chooses at random, and in advance, which of the things that come one after another are looked at closer. What is not
// chosen costs a comparison and a subtraction for a whole batch, and nothing is chosen at rate 0.
//
// Each is chosen with the same probability, by itself: the gaps between two are drawn from the geometric distribution.
// A run replays, since the seed is the caller's. Not thread-safe.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace mythos::hub {

class Sampler {
public:
    explicit Sampler(std::uint64_t seed) : state_(seed * 2 + 1) {}

    // 0 to 1. A change counts from the next one on.
    void set_rate(double rate) {
        if (rate == rate_) return;
        rate_ = rate;
        left_ = gap();
    }
    double rate() const { return rate_; }
    // Nothing is ever chosen, and what comes needs not be told.
    bool is_idle() const { return left_ == kNever; }

    // Whether one of the next `count` is chosen. False: they have gone by. True: ask `next` which.
    bool reaches(std::uint64_t count) {
        if (is_idle()) return false;
        if (left_ >= count) [[likely]] {
            left_ -= count;
            return false;
        }
        return true;
    }
    // The next one, alone.
    bool picks() {
        if (!reaches(1)) return false;
        left_ = gap();
        return true;
    }
    // The place of the next one chosen among those `count`, from 0, each once and in order; `count` when there are no
    // more, and they have gone by.
    std::uint64_t next(std::uint64_t count) {
        if (left_ < count) {
            const std::uint64_t place = left_;
            left_ += 1 + gap();
            return place;
        }
        left_ -= count;
        return count;
    }

private:
    static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t gap() {
        if (rate_ <= 0) return kNever;
        if (rate_ >= 1) return 0;
        state_ ^= state_ << 13;  // xorshift64
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        const double unit = (static_cast<double>(state_ >> 11) + 0.5) / 9007199254740992.0;  // in (0, 1)
        const double drawn = std::log(unit) / std::log1p(-rate_);
        return drawn < 1e18 ? static_cast<std::uint64_t>(drawn) : kNever / 2;
    }

    std::uint64_t state_;
    double rate_ = 0;
    std::uint64_t left_ = kNever;
};

}  // namespace mythos::hub
