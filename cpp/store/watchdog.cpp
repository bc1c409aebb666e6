#include "store/watchdog.hpp"

#include <utility>

namespace mythos::store {

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Watchdog::arm(Duration bound, std::function<void()> interrupt) {
    {
        const std::lock_guard lock(mutex_);
        interrupt_ = std::move(interrupt);
        due_ = std::chrono::steady_clock::now() + std::chrono::nanoseconds(bound.ns);
    }
    changed_.notify_one();
}

void Watchdog::disarm() {
    const std::lock_guard lock(mutex_);
    interrupt_ = nullptr;
}

void Watchdog::bite() {
    const std::lock_guard lock(mutex_);
    if (interrupt_) std::exchange(interrupt_, nullptr)();
}

void Watchdog::run() {
    std::unique_lock lock(mutex_);
    while (!ends_) {
        if (!interrupt_) {
            changed_.wait(lock);
        } else if (changed_.wait_until(lock, due_) == std::cv_status::timeout && interrupt_ &&
                   std::chrono::steady_clock::now() >= due_) {
            std::exchange(interrupt_, nullptr)();
        }
    }
}

}  // namespace mythos::store
