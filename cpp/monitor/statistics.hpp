// The node's counters and latencies over windows of time: the ticker of the shards that the loops write.
//
// `tick` about once a second. What is read is as of the last tick. Thread-safety: any thread; a mutex guards the
// windows, which no loop ever waits for.
#pragma once

#include <array>
#include <deque>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "hub/node.hpp"
#include "stats/histogram_windows.hpp"
#include "stats/level_windows.hpp"

namespace mythos::monitor {

// By stats::index_of(type, severity).
using ErrorCounts = std::array<std::uint64_t, stats::kErrors>;

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
    // What the process took of one processor's time in the last seconds, in per cent: on two cores up to 200.
    double cpu_percent() const;
    // Of the last tick.
    MonoTime now() const;

private:
    std::vector<std::uint64_t> totals() const;
    double health_now() const;

    const hub::Node& node_;
    mutable std::mutex mutex_;
    stats::CountWindows counters_;                    // guarded by mutex_
    stats::CountWindows errors_;                      // guarded by mutex_
    std::vector<stats::HistogramWindows> latencies_;  // guarded by mutex_
    stats::LevelWindows health_;                      // guarded by mutex_
    struct Usage {
        MonoTime at;
        double cpu_seconds;
    };
    std::deque<Usage> usage_;  // guarded by mutex_; of the last seconds
};

}  // namespace mythos::monitor
