#include "monitor/health_checker.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mythos::monitor {

using observe::CheckResult;
using observe::Health;

HealthChecker::HealthChecker(const Clock& clock, observe::Log& log, observe::ErrorTracker& errors, Duration interval)
    : clock_(clock), log_(log), errors_(errors), interval_ns_(interval.ns), interval_(interval) {}

HealthChecker::~HealthChecker() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    ending_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void HealthChecker::add(observe::ComponentSpec spec, Check check) {
    spec.interval = interval_;
    std::string name = spec.name;
    if (board_.add(std::move(spec), clock_.mono())) checks_.push_back({std::move(name), std::move(check), {}});
}

void HealthChecker::start() {
    step();
    thread_ = std::thread([this] { run(); });
}

void HealthChecker::run() {
    std::unique_lock lock(mutex_);
    while (!ending_.wait_for(lock, std::chrono::seconds(1), [this] { return ends_; })) {
        lock.unlock();
        step();
        lock.lock();
    }
}

void HealthChecker::step() {
    const MonoTime now = clock_.mono();
    for (const auto& act : acts_) act(now);
    const Duration interval{interval_ns_.load(std::memory_order_relaxed)};
    if (interval != interval_) {
        interval_ = interval;
        for (Due& due : checks_) {
            board_.set_interval(due.name, interval);
            due.at = now;
        }
    }
    for (Due& due : checks_)
        if (due.at <= now) run_check(due, now);
    tell_changes();
}

void HealthChecker::run_check(Due& due, MonoTime now) {
    CheckResult result;
    try {
        result = due.check(due.last);
    } catch (const std::exception& fault) {
        errors_.record(stats::Counter::health_check_failures, {.code = "check_failed", .exception = fault.what()},
                       {{"component", due.name}});
        result.status = Health::unhealthy;
    }
    due.last = result.status;
    const MonoTime done = clock_.mono();
    result.took = done - now;
    board_.report(due.name, std::move(result), done, clock_.wall());
    due.at = now + jittered(interval_);
}

// By a counter, which is chance enough to keep servers apart that began together: their clocks differ.
Duration HealthChecker::jittered(Duration interval) {
    const std::uint64_t mixed = (static_cast<std::uint64_t>(clock_.mono().ns) ^ ++beats_) * 0x9E3779B97F4A7C15ULL;
    const double part = static_cast<double>(mixed >> 11) * 0x1.0p-53;
    return interval + Duration{static_cast<std::int64_t>(static_cast<double>(interval.ns) / 10 * part)};
}

void HealthChecker::tell_changes() {
    const auto report = board_.report(clock_.mono());
    std::vector<std::pair<std::string, Health>> now;
    for (const auto& component : report.components) {
        if (component.pending) continue;
        now.emplace_back(component.spec.name, component.status);
        const auto before = std::ranges::find(told_, component.spec.name, &std::pair<std::string, Health>::first);
        const Health was = before == told_.end() ? Health::healthy : before->second;
        if (was == component.status) continue;
        on_change_(component.spec.name, was, component.status);
        log_.write(component.status == Health::healthy ? observe::Level::info : observe::Level::warning,
                   "Health changed",
                   {{"component", component.spec.name},
                    {"from", name_of(was)},
                    {"to", name_of(component.status)},
                    {"stale", component.stale}});
    }
    told_ = std::move(now);
}

}  // namespace mythos::monitor
