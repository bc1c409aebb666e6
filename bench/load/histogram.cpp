#include "load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mythos::bench {

std::size_t Histogram::bucket(std::uint64_t ns) {
    constexpr std::uint64_t kLinear = 1ULL << kSubBits;
    if (ns < kLinear) return ns;
    const int shift = std::bit_width(ns) - 1 - kSubBits;
    if (shift >= kOctaves) return ((kOctaves + 1) << kSubBits) - 1;
    return (static_cast<std::size_t>(shift + 1) << kSubBits) + ((ns >> shift) - kLinear);
}

std::int64_t Histogram::midpoint_ns(std::size_t bucket) {
    constexpr std::size_t kLinear = 1U << kSubBits;
    if (bucket < kLinear) return static_cast<std::int64_t>(bucket);
    const std::size_t shift = (bucket >> kSubBits) - 1;
    const std::uint64_t low = (kLinear + (bucket & (kLinear - 1))) << shift;
    return static_cast<std::int64_t>(low + ((1ULL << shift) >> 1));
}

void Histogram::record(std::int64_t ns) {
    ns = std::max<std::int64_t>(ns, 0);
    ++buckets_[bucket(static_cast<std::uint64_t>(ns))];
    ++count_;
    sum_ns_ += static_cast<double>(ns);
    max_ns_ = std::max(max_ns_, ns);
}

void Histogram::add(const Histogram& other) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ns_ += other.sum_ns_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
}

std::int64_t Histogram::quantile_ns(double q) const {
    if (count_ == 0) return 0;
    const auto rank =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        seen += buckets_[i];
        if (seen >= rank) return std::min(midpoint_ns(i), max_ns_);
    }
    return max_ns_;
}

}  // namespace mythos::bench
