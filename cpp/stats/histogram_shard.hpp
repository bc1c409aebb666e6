// What one thread records of a distribution: counts in log-linear buckets (buckets.hpp), exact counts by edge, a sum, a
// maximum. They only grow; who wants to know of a time subtracts (histogram_windows.hpp).
//
// Thread-safety: one thread writes, without a lock or a read-modify-write; any thread may read meanwhile, except
// `end_turn`, which is one reader's, the ticker's. All accesses are relaxed: a reader sees each number whole and as it
// was not long ago, but may see a record in the buckets and not yet in the sum. Nothing is lost by that, only told one
// tick later.
//
// Size: 20 KiB. May be added up over threads and nodes.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <span>

#include "base/clock.hpp"
#include "stats/buckets.hpp"
#include "stats/edges.hpp"
#include "stats/recording.hpp"

namespace mythos::stats {

class alignas(64) HistogramShard {
public:
    // `edges` must outlive the shard.
    explicit HistogramShard(const Edges& edges = Edges::durations()) : edges_(edges) {}
    HistogramShard(const HistogramShard&) = delete;
    HistogramShard& operator=(const HistogramShard&) = delete;

    // `weight` values of the same size. A value beyond kValueMax counts in a bucket of its own and enters the sum as
    // kValueMax. The sum is exact as long as less than 2^64 comes together between two ticks: 584 years of nanoseconds.
    void record(std::uint64_t value, std::uint64_t weight = 1) {
        if (!kRecording) return;
        const std::uint64_t held = std::min(value, kValueMax);
        const std::size_t bucket = bucket_in_range(held) + (value > kValueMax);
        add(counts_[bucket], weight);
        add(edge_counts_[edges_.of(bucket, value)], weight);
        add(sum_, held * weight);
        raise_max(held);
    }
    // In nanoseconds; a negative length, which two clocks can give, is none.
    void record(Duration length, std::uint64_t weight = 1) {
        record(static_cast<std::uint64_t>(std::max<std::int64_t>(length.ns, 0)), weight);
    }

    // The total of a bucket since construction; of kBuckets: beyond the range.
    std::uint64_t count(std::size_t bucket) const { return counts_[bucket].load(std::memory_order_relaxed); }
    std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }
    // How many values were at most this edge and above the one before; the last one of `edges().size() + 1` is the
    // rest.
    std::uint64_t edge_count(std::size_t edge) const { return edge_counts_[edge].load(std::memory_order_relaxed); }
    const Edges& edges() const { return edges_; }

    // The ticker's: the highest value recorded since its last call, 0 for none. A record that another thread makes at
    // this very moment may be left out here and counted in the next turn; who adds up takes that for possible.
    std::uint64_t end_turn();

private:
    // The maximum carries the turn in which it was recorded, so that a new turn begins without zeroing. Two cells take
    // turns: the one that is read is not the one that is written next.
    static constexpr int kTurnShift = 44;
    static_assert(kValueMax >> kTurnShift == 0);

    static void add(std::atomic<std::uint64_t>& number, std::uint64_t n) {
        number.store(number.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void raise_max(std::uint64_t value) {
        const std::uint64_t turn = turn_.load(std::memory_order_relaxed);
        const std::uint64_t mine = turn << kTurnShift | value;
        std::atomic<std::uint64_t>& cell = maxima_[turn % 2];
        const std::uint64_t held = cell.load(std::memory_order_relaxed);
        if (mine > held || (mine ^ held) >> kTurnShift != 0) cell.store(mine, std::memory_order_relaxed);
    }

    const Edges& edges_;
    std::atomic<std::uint64_t> sum_{0};
    std::array<std::atomic<std::uint64_t>, 2> maxima_{};
    std::array<std::atomic<std::uint64_t>, Edges::kMax + 1> edge_counts_{};
    std::array<std::atomic<std::uint64_t>, kBuckets + 1> counts_{};
    // Written by the ticker alone, once a tick. From 1, so that an untouched cell is of no turn.
    alignas(64) std::atomic<std::uint64_t> turn_{1};
};

}  // namespace mythos::stats
