// Fractions in [0, 1) that spread clients apart: seeded, so that a run repeats, or
// fixed, so that test vectors can name exact times (SplitMix64). Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace mythos::protocol {

class Jitter {
public:
    Jitter(std::uint64_t seed, std::optional<double> fixed) : state_(seed), fixed_(fixed) {}

    double next();

    // Between half and all of min(max, first * 2^(failures-1)); `failures` from 1.
    Duration backoff(Duration first, Duration max, int failures);

private:
    std::uint64_t state_;
    std::optional<double> fixed_;
};

// `d` times `fraction`.
Duration scaled(Duration d, double fraction);

}  // namespace mythos::protocol
