#include "store/event_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mythos::store {

bool EventQueue::push(Event event) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t queued = pushed_count_ - settled_count_;
    const std::size_t room = event.closes() ? capacity_ : capacity_ - capacity_ / 4;
    if (queued >= room) {
        ++dropped_;
        return false;
    }
    ++pushed_count_;
    waiting_.push_back(std::move(event));
    if (waiting_.size() == enough_) pushed_.notify_one();
    return true;
}

void EventQueue::take(std::vector<Event>& out, std::size_t max) {
    const std::lock_guard lock(mutex_);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(max, waiting_.size()));
    out.insert(out.end(), std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
}

void EventQueue::settle(std::size_t count) {
    {
        const std::lock_guard lock(mutex_);
        settled_count_ += count;
    }
    settled_.notify_all();
}

void EventQueue::gather(Duration at_most, Duration linger, std::size_t enough) {
    std::unique_lock lock(mutex_);
    const auto wait = [&](Duration d, std::size_t count) {
        pushed_.wait_for(lock, std::chrono::nanoseconds(d.ns), [&] { return woken_ || waiting_.size() >= count; });
    };
    enough_ = 1;
    wait(at_most, 1);
    enough_ = enough;
    if (!waiting_.empty()) wait(linger, enough);
    woken_ = false;
}

void EventQueue::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    pushed_.notify_one();
}

bool EventQueue::await_settled(Duration at_most) {
    std::unique_lock lock(mutex_);
    const std::uint64_t upto = pushed_count_;
    if (settled_count_ >= upto) return true;
    woken_ = true;
    pushed_.notify_one();
    return settled_.wait_for(lock, std::chrono::nanoseconds(at_most.ns), [&] { return settled_count_ >= upto; });
}

std::size_t EventQueue::size() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(pushed_count_ - settled_count_);
}

std::uint64_t EventQueue::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

}  // namespace mythos::store
