// The log-linear buckets that every histogram here counts in: 64 to each power of two.
//
// Values are whole numbers without a unit; durations are nanoseconds. Below 128 each value has a bucket of its own;
// above, a bucket is 1/64 to 1/128 of its values wide, and stands for the one value that is nearest, by ratio, to both
// of its ends. So what is read is off by at most 1/129 (0.776 %) of what was recorded. From 2^44 on (4.9 hours in
// nanoseconds) there is one more bucket for all.
//
// The layout is HdrHistogram's for 6 bits (there: 2 significant digits and a bit). It differs in what a bucket is said
// to be: HdrHistogram answers with the highest value of a bucket, off by up to 1/64, upwards only.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace mythos::stats {

inline constexpr int kSubBits = 6;
inline constexpr std::uint64_t kValueMax = (std::uint64_t{1} << 44) - 1;
inline constexpr double kErrorBound = 1.0 / 129;

// The bucket of a value in the range, which ends at kValueMax.
constexpr std::size_t bucket_in_range(std::uint64_t value) {
    constexpr std::uint64_t exact = (std::uint64_t{2} << kSubBits) - 1;  // where all buckets hold one value
    const int shift = std::bit_width(value | exact) - (kSubBits + 1);
    return (static_cast<std::size_t>(shift) << kSubBits) + static_cast<std::size_t>(value >> shift);
}

inline constexpr std::size_t kBuckets = bucket_in_range(kValueMax) + 1;  // 2,496

// kBuckets for what is beyond the range.
constexpr std::size_t bucket_of(std::uint64_t value) { return value > kValueMax ? kBuckets : bucket_in_range(value); }

// The lowest value of a bucket; of kBuckets, the first one beyond the range.
constexpr std::uint64_t lowest_of(std::size_t bucket) {
    constexpr std::size_t subs = std::size_t{1} << kSubBits;
    if (bucket < 2 * subs) return bucket;
    return static_cast<std::uint64_t>(bucket % subs + subs) << (bucket / subs - 1);
}

// The highest value of a bucket. Precondition: bucket < kBuckets.
constexpr std::uint64_t highest_of(std::size_t bucket) { return lowest_of(bucket + 1) - 1; }

// What a bucket stands for. Precondition: bucket < kBuckets.
constexpr double value_of(std::size_t bucket) {
    const auto low = static_cast<double>(lowest_of(bucket)), high = static_cast<double>(highest_of(bucket));
    return bucket == 0 ? 0 : 2 * low * high / (low + high);
}

}  // namespace mythos::stats
