// The thread that watches the node: ticks its statistics once a second, and renders what is asked of them, off the
// loops.
//
// Thread-safety: any thread. Destroy it before what its answers refer to.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "monitor/metrics.hpp"

namespace mythos::monitor {

class Monitor {
public:
    // Scrapes that may wait; Prometheus asks every few seconds, so more are an attack or a mistake.
    static constexpr std::size_t kWaitingMax = 16;

    // `node` and `clock` outlive it; `more` are metrics of other parts of the server (metrics.hpp).
    Monitor(hub::Node& node, const Clock& clock, std::vector<MetricSource> more = {});
    ~Monitor();
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    // The metrics as text; `answer` is called once, on this thread, unless it ends before. False: too many wait.
    bool ask_metrics(std::function<void(std::string)> answer);

    const Statistics& statistics() const { return statistics_; }

private:
    void run();

    const Clock& clock_;
    Statistics statistics_;
    Metrics metrics_;
    std::mutex mutex_;
    std::condition_variable asked_;
    std::deque<std::function<void(std::string)>> waiting_;  // guarded by mutex_
    bool ends_ = false;                                     // guarded by mutex_
    std::thread thread_;
};

}  // namespace mythos::monitor
