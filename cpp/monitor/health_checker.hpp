// The thread that checks the server's own components in the background, and puts what it finds on the health board.
//
// Checks run here one after the other, so none may wait: what has to (a database, the application's own) runs elsewhere
// and reports to the board by itself. Each is due every `interval`, up to a tenth later by chance, so that the checks
// of several servers do not stay together. A second is one step: loops are asked for a sign of life, what has changed
// is told in the log.
//
// Thread-safety: any thread; `add` and `each_second` before `start`. Destroy it before what its checks refer to.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "observe/error_tracker.hpp"
#include "observe/health.hpp"
#include "observe/log.hpp"

namespace mythos::monitor {

class HealthChecker {
public:
    // `before` is what the component's last result was, for thresholds that have a margin.
    using Check = std::function<observe::CheckResult(observe::Health before)>;

    // `clock`, `log` and `errors`, which is told of checks that throw, outlive it.
    HealthChecker(const Clock& clock, observe::Log& log, observe::ErrorTracker& errors, Duration interval);
    ~HealthChecker();
    HealthChecker(const HealthChecker&) = delete;
    HealthChecker& operator=(const HealthChecker&) = delete;

    void add(observe::ComponentSpec spec, Check check);
    // Told of each change that the log is told of; before `start`.
    using OnChange = std::function<void(const std::string& component, observe::Health from, observe::Health to)>;
    void on_change(OnChange told) { on_change_ = std::move(told); }
    void each_second(std::function<void(MonoTime now)> act) { acts_.push_back(std::move(act)); }
    // Checks everything once, so that whoever asks from now on is told something, then goes on by itself.
    void start();
    void set_interval(Duration interval) { interval_ns_.store(interval.ns, std::memory_order_relaxed); }

    // One step: everything that is due now.
    void step();

    observe::HealthBoard& board() { return board_; }
    observe::HealthReport report(std::string_view tag = {}) const { return board_.report(clock_.mono(), tag); }

private:
    struct Due {
        std::string name;
        Check check;
        MonoTime at;
        observe::Health last = observe::Health::healthy;
    };

    void run();
    void run_check(Due& due, MonoTime now);
    void tell_changes();
    Duration jittered(Duration interval);

    const Clock& clock_;
    observe::Log& log_;
    observe::ErrorTracker& errors_;
    observe::HealthBoard board_;
    std::atomic<std::int64_t> interval_ns_;
    Duration interval_{};  // that the board knows
    std::vector<Due> checks_;
    std::vector<std::function<void(MonoTime)>> acts_;
    OnChange on_change_ = [](const auto&...) {};
    std::vector<std::pair<std::string, observe::Health>> told_;
    std::uint64_t beats_ = 0;
    std::mutex mutex_;
    std::condition_variable ending_;
    bool ends_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace mythos::monitor
