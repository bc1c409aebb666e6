// The node's counters and latencies over windows of time: the ticker of the shards that the loops write.
//
// `tick` about once a second. What is read is as of the last tick. Thread-safety: any thread; a mutex guards the
// windows, which no loop ever waits for.
#pragma once

#include <array>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "hub/node.hpp"
#include "monitor/memory_usage.hpp"
#include "monitor/process_usage.hpp"
#include "stats/histogram_windows.hpp"
#include "stats/level_windows.hpp"

namespace mythos::monitor {

// By stats::index_of(type, severity).
using ErrorCounts = std::array<std::uint64_t, stats::kErrors>;

std::uint64_t total_of(const ErrorCounts& counts);
// As the guide has it: of the errors of the last hour, however much of it the server has lived.
double rate_per_minute(std::uint64_t errors_last_hour);

class Statistics {
public:
    // `node` outlives it.
    Statistics(const hub::Node& node, MonoTime start);

    void tick(MonoTime now);

    std::uint64_t count(stats::Counter counter, stats::Window window) const;
    stats::Distribution latency(stats::Latency latency, stats::Window window) const;
    // Errors within the window, and since the start.
    ErrorCounts errors(stats::Window window) const;
    ErrorCounts errors() const;
    // Of the deliveries whose fate was decided in the window, how many in a hundred were written to a socket, and not
    // told as a gap or unsent at the session's end. 100 where there was none.
    double delivery_success_percent(stats::Window window) const;
    // The time that a window covers.
    double seconds(stats::Window window) const;
    // Healthy connections in a hundred, weighted by how long it was so many.
    stats::LevelWindows::Reading health(stats::Window window) const;
    // What the process took of the machine when it was last looked at: at the tick that follows the interval.
    struct SystemSample {
        MonoTime at;
        ProcessUsage process;
        std::optional<MemoryUsage> memory;
        double memory_percent() const { return memory ? memory->percent() : 0; }
    };
    SystemSample system() const;
    // What it took of one processor's time in the last seconds, or since the sample before, in per cent: on two cores
    // up to 200.
    double cpu_percent() const;
    // From now on; 1 s at first.
    void set_sample_interval(Duration interval);
    // Of the last tick.
    MonoTime now() const;

private:
    bool tick_windows(MonoTime now);
    std::vector<std::uint64_t> totals() const;
    double health_now() const;

    const hub::Node& node_;
    mutable std::mutex mutex_;
    stats::CountWindows counters_;                    // guarded by mutex_
    stats::CountWindows errors_;                      // guarded by mutex_
    std::vector<stats::HistogramWindows> latencies_;  // guarded by mutex_
    stats::LevelWindows health_;                      // guarded by mutex_
    Duration sample_interval_ = mythos::seconds(1);   // guarded by mutex_
    std::deque<SystemSample> samples_;                // guarded by mutex_; of the last seconds, or the last two
};

}  // namespace mythos::monitor
