// Ends what waits too long: a thread that calls `interrupt` once a bound is over, unless it is told that it is done.
//
// Thread-safety: any thread; one bound at a time. `interrupt` is called under the lock, so that it is not under way any
// more when `disarm` returns.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.hpp"

namespace mythos::store {

class Watchdog {
public:
    Watchdog() : thread_([this] { run(); }) {}
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    void arm(Duration bound, std::function<void()> interrupt);
    void disarm();
    // At once, if it is armed.
    void bite();

private:
    void run();

    std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::function<void()> interrupt_;  // empty: not armed
    std::chrono::steady_clock::time_point due_;
    bool ends_ = false;
    std::thread thread_;
};

}  // namespace mythos::store
