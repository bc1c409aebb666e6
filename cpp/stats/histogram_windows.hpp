// One histogram, recorded by any number of threads, told for windows of time. The ticker's side of HistogramShard.
//
// `tick` about once a second takes what the shards counted since the last tick; between ticks nothing changes.
//
// Thread-safety: none of its own; the shards may be written meanwhile. Memory: 100 KiB, and the slots; with values
// spread over ten octaves in every one of them 0.7 MiB in all, with every bucket used in every slot 4 MiB.
#pragma once

#include <memory>
#include <vector>

#include "stats/count_windows.hpp"
#include "stats/distribution.hpp"
#include "stats/histogram_shard.hpp"

namespace mythos::stats {

class HistogramWindows {
public:
    // What the shards counted before `start` is in no window. A shard belongs to one HistogramWindows at most.
    HistogramWindows(MonoTime start, std::vector<std::shared_ptr<HistogramShard>> shards);

    void tick(MonoTime now);

    // As of the last tick.
    Distribution read(Window window) const;
    MonoTime now() const { return counts_.now(); }

    std::size_t memory_bytes() const { return counts_.memory_bytes(); }

private:
    std::vector<std::shared_ptr<HistogramShard>> shards_;
    CountWindows counts_;  // buckets, beyond the range, sum
};

// What the shards have counted since they were made; the maximum is what its bucket stands for. Any thread.
Distribution lifetime(std::span<const std::shared_ptr<HistogramShard>> shards);

}  // namespace mythos::stats
