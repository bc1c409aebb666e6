#include "monitor/statistics.hpp"

#include <algorithm>

#include "monitor/process_usage.hpp"

namespace mythos::monitor {

using stats::Counter;
using stats::Window;

namespace {

constexpr Duration kUsageOver = seconds(5);
constexpr Duration kUsageEach = milliseconds(900);  // a tick that a question brings in between is none of its own

}  // namespace

Statistics::Statistics(const hub::Node& node, MonoTime start)
    : node_(node),
      counters_(start, totals()),
      errors_(start, node.count_errors()),
      health_(start, health_now()),
      usage_{{start, cpu_seconds()}} {
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
    health_.set(now, health_now());
    health_.tick(now);
    if (now - usage_.back().at < kUsageEach) return;
    usage_.push_back({now, cpu_seconds()});
    while (now - usage_[1].at >= kUsageOver) usage_.pop_front();
}

double Statistics::health_now() const {
    const hub::SurveySums sums = node_.survey();
    return hub::health_percent(sums.healthy[0] + sums.healthy[1], sums.unhealthy[0] + sums.unhealthy[1]);
}

stats::LevelWindows::Reading Statistics::health(Window window) const {
    const std::lock_guard lock(mutex_);
    return health_.read(window);
}

double Statistics::cpu_percent() const {
    const std::lock_guard lock(mutex_);
    const double seconds = (usage_.back().at - usage_.front().at).seconds();
    return seconds > 0 ? 100 * (usage_.back().cpu_seconds - usage_.front().cpu_seconds) / seconds : 0;
}

MonoTime Statistics::now() const {
    const std::lock_guard lock(mutex_);
    return counters_.now();
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
