#include "monitor/monitor.hpp"

#include <pthread.h>

#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include "monitor/error_view.hpp"
#include "monitor/health_views.hpp"
#include "monitor/performance_view.hpp"

namespace mythos::monitor {

using transport::Route;

namespace {

constexpr Duration kTickEach = seconds(1);

// What an orchestrator asks for, and acts on if nobody answers.
bool is_probe(Route route) { return route < Route::metrics; }

// On whole seconds: a tick on the boundary closes exactly its slot.
MonoTime whole(MonoTime t) { return {t.ns / kTickEach.ns * kTickEach.ns}; }

}  // namespace

Monitor::Monitor(hub::Node& node, const Clock& clock, const Transitions& transitions,
                 std::vector<const transport::RequestTimes*> request_times)
    : clock_(clock),
      statistics_(node, clock.mono()),
      metrics_(node, statistics_, std::move(request_times)),
      answers_(node.errors()),
      pages_(node, clock, [this](std::function<void()> task) { run_later(std::move(task)); }),
      events_(node, statistics_),
      history_(node, statistics_, transitions, clock.mono()) {
    add_metrics_view(answers_, metrics_);
    add_error_view(answers_, statistics_, node.errors(), clock);
    add_performance_view(answers_, node, statistics_, clock);
    add_health_views(answers_, node, statistics_, clock);
    add_history_view(answers_, history_, clock);
    pages_.register_at(answers_);
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
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "monitor");
        run();
    });
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

void Monitor::run_later(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    asked_.notify_one();
}

std::vector<prometheus::MetricFamily> Monitor::collect() {
    const auto collected = std::make_shared<std::promise<std::vector<prometheus::MetricFamily>>>();
    run_later([this, collected] {
        try {
            tick(clock_.mono());
            collected->set_value(metrics_.Collect());
        } catch (...) { collected->set_exception(std::current_exception()); }
    });
    return collected->get_future().get();
}

void Monitor::tick(MonoTime now) {
    statistics_.tick(now);
    pages_.tick(now);
    history_.tick(now);
}

void Monitor::tell_listeners() {
    if (listeners_.anyone()) listeners_.tell(std::make_shared<const std::string>(events_.next(clock_.wall())));
}

void Monitor::run() {
    MonoTime tick_at = whole(clock_.mono()) + kTickEach;
    std::unique_lock lock(mutex_);
    while (!ends_) {
        answer_probes(lock);
        run_tasks(lock);
        const MonoTime now = clock_.mono();
        const bool due = now >= tick_at;
        if (!due && waiting_.empty()) {
            if (!ends_ && probes_.empty() && tasks_.empty())
                asked_.wait_for(lock, std::chrono::nanoseconds((tick_at - now).ns));
            continue;
        }
        if (due) tick_at = whole(now) + kTickEach;
        lock.unlock();
        // Who asks is told as of now, not as of the last second; all who wait, by one tick.
        tick(now);
        if (due) tell_listeners();
        lock.lock();
        answer_all(lock);
    }
}

void Monitor::run_tasks(std::unique_lock<std::mutex>& lock) {
    while (!ends_ && !tasks_.empty()) {
        const auto task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
        lock.lock();
        answer_probes(lock);
    }
}

void Monitor::answer_probes(std::unique_lock<std::mutex>& lock) {
    while (!ends_ && !probes_.empty()) {
        const Question question = std::move(probes_.front());
        probes_.pop_front();
        lock.unlock();
        answers_.answer(question.request, question.answer);
        lock.lock();
    }
}

// Those that wait now; a probe that comes meanwhile waits for one of them at most.
void Monitor::answer_all(std::unique_lock<std::mutex>& lock) {
    for (auto all = std::exchange(waiting_, {}); !ends_ && !all.empty(); all.pop_front()) {
        lock.unlock();
        answers_.answer(all.front().request, all.front().answer);
        lock.lock();
        answer_probes(lock);
    }
}

}  // namespace mythos::monitor
