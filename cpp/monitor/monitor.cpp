#include "monitor/monitor.hpp"

#include <chrono>
#include <utility>

namespace mythos::monitor {

using transport::Route;

namespace {

constexpr Duration kTickEach = seconds(1);

// What an orchestrator asks for, and acts on if nobody answers.
bool is_probe(Route route) { return route < Route::metrics; }

// On whole seconds: a tick on the boundary closes exactly its slot.
MonoTime whole(MonoTime t) { return {t.ns / kTickEach.ns * kTickEach.ns}; }

}  // namespace

Monitor::Monitor(hub::Node& node, const Clock& clock)
    : clock_(clock), statistics_(node, clock.mono()), metrics_(node, statistics_) {
    add_metrics_view(answers_, metrics_);
}

Monitor::~Monitor() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    asked_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Monitor::start() {
    thread_ = std::thread([this] { run(); });
}

bool Monitor::ask(MonitorRequest request, Answer answer) {
    {
        const std::lock_guard lock(mutex_);
        const bool probe = is_probe(request.route);
        auto& queue = probe ? probes_ : waiting_;
        if (queue.size() >= (probe ? kProbesMax : kWaitingMax)) return false;
        queue.push_back({std::move(request), std::move(answer)});
    }
    asked_.notify_one();
    return true;
}

void Monitor::tick(MonoTime now) { statistics_.tick(now); }

void Monitor::run() {
    MonoTime tick_at = whole(clock_.mono()) + kTickEach;
    std::unique_lock lock(mutex_);
    while (!ends_) {
        answer_probes(lock);
        const MonoTime now = clock_.mono();
        if (now >= tick_at)
            tick_at = whole(now) + kTickEach;
        else if (waiting_.empty()) {
            if (!ends_ && probes_.empty()) asked_.wait_for(lock, std::chrono::nanoseconds((tick_at - now).ns));
            continue;
        }
        lock.unlock();
        // Who asks is told as of now, not as of the last second; all who wait, by one tick.
        tick(now);
        lock.lock();
        answer_all(lock);
    }
}

void Monitor::answer_probes(std::unique_lock<std::mutex>& lock) {
    while (!ends_ && !probes_.empty()) {
        const Question question = std::move(probes_.front());
        probes_.pop_front();
        lock.unlock();
        question.answer(answers_.answer(question.request));
        lock.lock();
    }
}

// Those that wait now; a probe that comes meanwhile waits for one of them at most.
void Monitor::answer_all(std::unique_lock<std::mutex>& lock) {
    for (auto all = std::exchange(waiting_, {}); !ends_ && !all.empty(); all.pop_front()) {
        lock.unlock();
        all.front().answer(answers_.answer(all.front().request));
        lock.lock();
        answer_probes(lock);
    }
}

}  // namespace mythos::monitor
