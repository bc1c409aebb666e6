// Latencies in nanoseconds, counted in log-linear buckets: 64 a power of two, so a
// quantile is off by at most 1/128 of its value. Memory is fixed; the maximum is exact.
// One thread. May be merged with another histogram by adding.
#pragma once

#include <array>
#include <cstdint>

namespace mythos::bench {

class Histogram {
public:
    void record(std::int64_t ns);
    void add(const Histogram& other);
    void clear() { *this = Histogram{}; }

    std::uint64_t count() const { return count_; }
    std::int64_t max_ns() const { return max_ns_; }
    double mean_ns() const { return count_ == 0 ? 0.0 : sum_ns_ / static_cast<double>(count_); }
    // Nearest rank, 0 < q <= 1; 0 where nothing was recorded.
    std::int64_t quantile_ns(double q) const;

private:
    static constexpr int kSubBits = 6;
    static constexpr int kOctaves = 40;  // to 2^45 ns, about ten hours
    static std::size_t bucket(std::uint64_t ns);
    static std::int64_t midpoint_ns(std::size_t bucket);

    std::array<std::uint32_t, (kOctaves + 1) << kSubBits> buckets_{};
    std::uint64_t count_ = 0;
    std::int64_t max_ns_ = 0;
    double sum_ns_ = 0;
};

}  // namespace mythos::bench
