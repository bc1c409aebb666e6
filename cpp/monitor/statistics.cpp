#include "monitor/statistics.hpp"

#include <algorithm>

namespace mythos::monitor {

using stats::Counter;
using stats::Window;

Statistics::Statistics(const hub::Node& node, MonoTime start)
    : node_(node), counters_(start, totals()), errors_(start, node.count_errors()) {
    for (std::size_t i = 0; i < stats::kLatencies; ++i)
        latencies_.emplace_back(start, node.shards(static_cast<stats::Latency>(i)));
}

std::vector<std::uint64_t> Statistics::totals() const {
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < stats::kCounters; ++i) all.push_back(node_.count(static_cast<Counter>(i)));
    return all;
}

void Statistics::tick(MonoTime now) {
    const std::lock_guard lock(mutex_);
    counters_.tick(now, totals());
    errors_.tick(now, node_.count_errors());
    for (auto& latency : latencies_) latency.tick(now);
}

std::uint64_t Statistics::count(Counter counter, Window window) const {
    const std::lock_guard lock(mutex_);
    return counters_.counts(window)[static_cast<std::size_t>(counter)];
}

stats::Distribution Statistics::latency(stats::Latency latency, Window window) const {
    const std::lock_guard lock(mutex_);
    return latencies_[static_cast<std::size_t>(latency)].read(window);
}

ErrorCounts Statistics::errors(Window window) const {
    const std::lock_guard lock(mutex_);
    ErrorCounts counts;
    std::ranges::copy(errors_.counts(window), counts.begin());
    return counts;
}

ErrorCounts Statistics::errors() const {
    const std::lock_guard lock(mutex_);
    ErrorCounts counts;
    std::ranges::copy(errors_.seen(), counts.begin());
    return counts;
}

double Statistics::delivery_success_percent(Window window) const {
    const auto written = count(Counter::deliveries_written, window);
    const auto failed = count(Counter::deliveries_gap, window) + count(Counter::deliveries_unsent, window);
    return written + failed == 0 ? 100 : 100 * static_cast<double>(written) / static_cast<double>(written + failed);
}

double Statistics::seconds(Window window) const {
    const std::lock_guard lock(mutex_);
    return counters_.seconds(window);
}

}  // namespace mythos::monitor
