#include "monitor/statistics.hpp"

#include <algorithm>
#include <numeric>

namespace mythos::monitor {

using stats::Counter;
using stats::Window;

namespace {

constexpr Duration kUsageOver = seconds(5);
constexpr Duration kTickEarly = milliseconds(100);  // by which a tick may come before its second is full

Statistics::SystemSample sample_system(MonoTime now) { return {now, process_usage(), memory_usage()}; }

}  // namespace

std::uint64_t total_of(const ErrorCounts& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

double rate_per_minute(std::uint64_t errors_last_hour) { return static_cast<double>(errors_last_hour) / 60; }

Statistics::Statistics(const hub::Node& node, MonoTime start)
    : node_(node),
      counters_(start, totals()),
      errors_(start, node.count_errors()),
      health_(start, health_now()),
      samples_{sample_system(start)} {
    for (std::size_t i = 0; i < stats::kLatencies; ++i)
        latencies_.emplace_back(start, node.shards(static_cast<stats::Latency>(i)));
}

std::vector<std::uint64_t> Statistics::totals() const {
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < stats::kCounters; ++i) all.push_back(node_.count(static_cast<Counter>(i)));
    return all;
}

void Statistics::tick(MonoTime now) {
    if (!tick_windows(now)) return;
    // It reads files: nobody waits for that.
    const SystemSample sample = sample_system(now);
    const std::lock_guard lock(mutex_);
    samples_.push_back(sample);
    while (samples_.size() > 2 && now - samples_[1].at >= kUsageOver) samples_.pop_front();
}

// Whether another sample is due.
bool Statistics::tick_windows(MonoTime now) {
    const std::lock_guard lock(mutex_);
    counters_.tick(now, totals());
    errors_.tick(now, node_.count_errors());
    for (auto& latency : latencies_) latency.tick(now);
    health_.set(now, health_now());
    health_.tick(now);
    return now - samples_.back().at >= sample_interval_ - kTickEarly;
}

void Statistics::set_sample_interval(Duration interval) {
    const std::lock_guard lock(mutex_);
    sample_interval_ = interval;
}

Statistics::SystemSample Statistics::system() const {
    const std::lock_guard lock(mutex_);
    return samples_.back();
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
    const SystemSample &first = samples_.front(), &last = samples_.back();
    const double seconds = (last.at - first.at).seconds();
    const double used = last.process.cpu_seconds.value_or(0) - first.process.cpu_seconds.value_or(0);
    return seconds > 0 ? 100 * used / seconds : 0;
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
