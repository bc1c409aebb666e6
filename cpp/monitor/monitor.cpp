#include "monitor/monitor.hpp"

#include <chrono>
#include <utility>

namespace mythos::monitor {

namespace {

constexpr Duration kTickEach = seconds(1);

}  // namespace

Monitor::Monitor(hub::Node& node, const Clock& clock, std::vector<MetricSource> more)
    : clock_(clock),
      statistics_(node, clock.mono()),
      metrics_(node, statistics_, std::move(more)),
      thread_([this] { run(); }) {}

Monitor::~Monitor() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    asked_.notify_one();
    thread_.join();
}

bool Monitor::ask_metrics(std::function<void(std::string)> answer) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= kWaitingMax) return false;
        waiting_.push_back(std::move(answer));
    }
    asked_.notify_one();
    return true;
}

void Monitor::run() {
    // On whole seconds: a tick on the boundary closes exactly its slot.
    const auto whole = [](MonoTime t) { return MonoTime{t.ns / kTickEach.ns * kTickEach.ns}; };
    MonoTime tick_at = whole(clock_.mono()) + kTickEach;
    std::unique_lock lock(mutex_);
    while (!ends_) {
        const MonoTime now = clock_.mono();
        if (now >= tick_at || !waiting_.empty()) {
            auto answers = std::exchange(waiting_, {});
            lock.unlock();
            // Who asks is told as of now, not as of the last second.
            statistics_.tick(now);
            if (!answers.empty()) {
                const std::string text = metrics_.text();
                for (auto& answer : answers) answer(text);
            }
            lock.lock();
            if (now >= tick_at) tick_at = whole(now) + kTickEach;
            continue;
        }
        asked_.wait_for(lock, std::chrono::nanoseconds((tick_at - now).ns));
    }
}

}  // namespace mythos::monitor
