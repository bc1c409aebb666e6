#include "protocol/jitter.hpp"

#include <algorithm>

namespace mythos::protocol {

double Jitter::next() {
    if (fixed_) return *fixed_;
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return static_cast<double>(z >> 11) * 0x1p-53;
}

Duration Jitter::backoff(Duration first, Duration max, int failures) {
    Duration whole = first;
    for (int i = 1; i < failures && whole < max; ++i) whole = whole * 2;
    whole = std::min(whole, max);
    return scaled(whole, 0.5 + 0.5 * next());
}

Duration scaled(Duration d, double fraction) {
    return {static_cast<std::int64_t>(static_cast<double>(d.ns) * fraction)};
}

}  // namespace mythos::protocol
