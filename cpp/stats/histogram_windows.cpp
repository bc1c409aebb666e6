#include "stats/histogram_windows.hpp"

#include <cmath>

namespace mythos::stats {

namespace {

constexpr std::size_t kSum = kBuckets + 1;

std::vector<std::uint64_t> add_up(std::span<const std::shared_ptr<HistogramShard>> shards) {
    std::vector<std::uint64_t> totals(kSum + 1);
    for (const auto& shard : shards) {
        for (std::size_t bucket = 0; bucket <= kBuckets; ++bucket) totals[bucket] += shard->count(bucket);
        totals[kSum] += shard->sum();
    }
    return totals;
}

std::uint64_t max_within(std::size_t bucket, std::uint64_t max) {
    if (bucket == kBuckets) return kValueMax;
    if (max >= lowest_of(bucket) && max <= highest_of(bucket)) return max;
    return static_cast<std::uint64_t>(std::llround(value_of(bucket)));
}

// One above the highest bucket in which the totals differ; 0 where none does.
std::size_t buckets_changed(std::span<const std::uint64_t> totals, std::span<const std::uint64_t> before) {
    std::size_t end = kBuckets + 1;
    while (end > 0 && totals[end - 1] == before[end - 1]) --end;
    return end;
}

}  // namespace

HistogramWindows::HistogramWindows(MonoTime start, std::vector<std::shared_ptr<HistogramShard>> shards)
    : shards_(std::move(shards)), counts_(start, add_up(shards_)) {
    for (const auto& shard : shards_) shard->end_turn();
}

void HistogramWindows::tick(MonoTime now) {
    const auto totals = add_up(shards_);
    std::uint64_t max = 0;
    for (const auto& shard : shards_) max = std::max(max, shard->end_turn());
    // A record that came between the two loops is in the maximum and not in the counts, or the other way round. The
    // highest bucket that changed has the last word.
    const std::size_t changed = buckets_changed(totals, counts_.seen());
    counts_.tick(now, totals, changed == 0 ? 0 : max_within(changed - 1, max));
}

Distribution HistogramWindows::read(Window window) const {
    const auto all = counts_.counts(window);
    return {{all.begin(), all.begin() + kSum}, all[kSum], counts_.max(window), counts_.seconds(window)};
}

Distribution lifetime(std::span<const std::shared_ptr<HistogramShard>> shards) {
    auto all = add_up(shards);
    const std::uint64_t sum = all[kSum];
    all.resize(kSum);
    const std::size_t used = buckets_changed(all, std::vector<std::uint64_t>(kSum));
    return {std::move(all), sum, used == 0 ? 0 : max_within(used - 1, 0)};
}

}  // namespace mythos::stats
