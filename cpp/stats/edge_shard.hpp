// A histogram by its edges alone: where a percentile within a percent is not worth 20 KiB.
//
// Thread-safety: one thread records, any thread reads; a reader may see a record in the counts and not yet in the sum.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "stats/edges.hpp"
#include "stats/recording.hpp"

namespace mythos::stats {

class EdgeShard {
public:
    // `edges` must outlive the shard.
    explicit EdgeShard(const Edges& edges = Edges::durations()) : edges_(edges) {}

    void record(std::uint64_t value) {
        if (!kRecording) return;
        const auto upper = edges_.upper();
        const auto edge = std::lower_bound(upper.begin(), upper.end(), value) - upper.begin();
        add(counts_[static_cast<std::size_t>(edge)], 1);
        add(sum_, value);
    }

    const Edges& edges() const { return edges_; }
    // Of values that are above the edge before and not above this one; of edges().size(), of those above all.
    std::uint64_t edge_count(std::size_t edge) const { return counts_[edge].load(std::memory_order_relaxed); }
    std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }

private:
    static void add(std::atomic<std::uint64_t>& value, std::uint64_t n) {
        value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }

    const Edges& edges_;
    std::array<std::atomic<std::uint64_t>, Edges::kMax + 1> counts_{};
    std::atomic<std::uint64_t> sum_{0};
};

}  // namespace mythos::stats
