// The way of events from the loops to the store's thread: bounded, in order, nobody waits.
//
// What does not fit is dropped and counted; the newest goes, for what was told earlier is not to be taken back. The
// last quarter is for closings: an opening that is dropped comes back with its closing, a closing that is dropped
// leaves a row that says open.
//
// Thread-safety: any thread. The lock is held to move events, never while anything is written.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "store/event.hpp"

namespace mythos::store {

class EventQueue {
public:
    explicit EventQueue(std::size_t capacity) : capacity_(capacity) {}

    // False: it was dropped.
    bool push(Event event);

    // Up to `max`, oldest first, to the end of `out`. They count as queued until `settle`.
    void take(std::vector<Event>& out, std::size_t max);
    // That so many, which were taken, are written or given up.
    void settle(std::size_t count);

    // Waits until something can be taken, up to `at_most`; then, up to `linger`, for `enough` of it, so that a few come
    // together. `wake` ends either.
    void gather(Duration at_most, Duration linger, std::size_t enough);
    void wake();
    // Until everything that was pushed before is settled. False: not in time.
    bool await_settled(Duration at_most);

    std::size_t size() const;  // taken ones included
    std::size_t capacity() const { return capacity_; }
    std::uint64_t dropped() const;

private:
    const std::size_t capacity_;
    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable pushed_, settled_;
    std::deque<Event> waiting_;
    std::size_t enough_ = 1;  // that many wake who waits
    std::uint64_t pushed_count_ = 0, settled_count_ = 0, dropped_ = 0;
    bool woken_ = false;
};

}  // namespace mythos::store
