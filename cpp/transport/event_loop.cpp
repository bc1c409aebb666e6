#include "transport/event_loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <climits>
#include <exception>
#include <system_error>

namespace mythos::transport {
namespace {

constexpr int kEventsAWait = 64;
// Further looks at what became ready meanwhile, before the turn is ended: what arrives together is sent together,
// but a flood of input, or a storm of newcomers, must not keep those who are here waiting.
constexpr int kWaitsARound = 16;
constexpr Duration kInputBudget = milliseconds(2);
constexpr std::uint32_t kEverything = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

int checked(int descriptor, const char* what) {
    if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
    return descriptor;
}

}  // namespace

void Watcher::failed() { loop_.retire(*this); }

template <class Call>
void EventLoop::guard(Watcher& watcher, Call call) {
    if (!guarded([&] { call(watcher); })) watcher.failed();
}

bool EventLoop::guarded(const std::function<void()>& call) {
    try {
        call();
        return true;
    } catch (const std::exception& fault) {
        on_fault_(fault.what());
        return false;
    }
}

EventLoop::EventLoop(const Clock& clock)
    : clock_(clock),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      newcomers_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_up_(checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
      now_(clock.mono()),
      read_buffer_(new char[kReadBufferBytes]) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    checked(epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, wake_up_.descriptor(), &event), "epoll_ctl");
    // As long as anything is ready there: a round leaves the rest to the next.
    event.events = EPOLLIN;
    event.data.ptr = &newcomers_;
    checked(epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, newcomers_.descriptor(), &event), "epoll_ctl");
}

EventLoop::~EventLoop() = default;

bool EventLoop::add(std::unique_ptr<Watcher> watcher, const Socket& epoll, int operation) {
    epoll_event event{};
    event.events = kEverything;
    event.data.ptr = watcher.get();
    if (epoll_ctl(epoll.descriptor(), operation, watcher->socket_.descriptor(), &event) != 0) return false;
    watcher->newcomer_ = &epoll == &newcomers_;
    watcher->index_ = static_cast<std::uint32_t>(watchers_.size());
    watchers_.push_back(std::move(watcher));
    return true;
}

bool EventLoop::adopt(std::unique_ptr<Watcher> watcher) { return add(std::move(watcher), epoll_, EPOLL_CTL_ADD); }

bool EventLoop::adopt_newcomer(std::unique_ptr<Watcher> watcher) {
    return add(std::move(watcher), newcomers_, EPOLL_CTL_ADD);
}

bool EventLoop::adopt_inherited(std::unique_ptr<Watcher> watcher) {
    const int descriptor = watcher->socket_.descriptor();
    const bool was_newcomer = epoll_ctl(newcomers_.descriptor(), EPOLL_CTL_DEL, descriptor, nullptr) == 0;
    return add(std::move(watcher), epoll_, was_newcomer ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
}

void EventLoop::settle(Watcher& watcher) {
    if (!watcher.newcomer_ || watcher.retired_) return;
    epoll_event event{};
    event.events = kEverything;
    event.data.ptr = &watcher;
    const int descriptor = watcher.socket_.descriptor();
    if (epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, descriptor, &event) != 0) return;  // no memory: it stays
    epoll_ctl(newcomers_.descriptor(), EPOLL_CTL_DEL, descriptor, nullptr);
    watcher.newcomer_ = false;
}

void EventLoop::retire(Watcher& watcher) {
    if (watcher.retired_) return;
    watcher.retired_ = true;
    clear_deadline(watcher);
    watcher.socket_.close();
    auto& slot = watchers_[watcher.index_];
    assert(slot.get() == &watcher);
    retired_.push_back(std::move(slot));
    if (&slot != &watchers_.back()) {
        slot = std::move(watchers_.back());
        slot->index_ = watcher.index_;
    }
    watchers_.pop_back();
}

void EventLoop::defer(Watcher& watcher) {
    if (watcher.deferred_ || watcher.retired_) return;
    watcher.deferred_ = true;
    deferred_.push_back(&watcher);
}

void EventLoop::for_each(const std::function<void(Watcher&)>& act) {
    std::vector<Watcher*> all;  // `act` may add and retire
    all.reserve(watchers_.size());
    for (const auto& watcher : watchers_) all.push_back(watcher.get());
    for (Watcher* watcher : all) {
        if (!watcher->retired_) guard(*watcher, act);
    }
}

void EventLoop::set_deadline(Watcher& watcher, MonoTime deadline) {
    if (watcher.retired_) return;
    clear_deadline(watcher);
    watcher.deadline_ = deadline;
    deadlines_.emplace(deadline, &watcher);
}

void EventLoop::clear_deadline(Watcher& watcher) {
    if (watcher.deadline_ == MonoTime{}) return;
    deadlines_.erase({watcher.deadline_, &watcher});
    watcher.deadline_ = {};
}

void EventLoop::wake() {
    if (woken_.exchange(true, std::memory_order_acq_rel)) return;
    const std::uint64_t one = 1;
    // It cannot fail but by a full counter, and then the loop is awake.
    [[maybe_unused]] const ssize_t written = write(wake_up_.descriptor(), &one, sizeof one);
}

void EventLoop::post(std::function<void()> task) {
    {
        const std::lock_guard lock(posted_mutex_);
        posted_.push_back(std::move(task));
    }
    wake();
}

int EventLoop::wait_ms(MonoTime until) const {
    if (!deferred_.empty()) return 0;
    if (!deadlines_.empty()) until = std::min(until, deadlines_.begin()->first);
    const std::int64_t left_ns = (until - clock_.mono()).ns;
    if (left_ns <= 0) return 0;
    return static_cast<int>(std::min<std::int64_t>((left_ns + 999'999) / 1'000'000, INT_MAX));
}

void EventLoop::run_round(MonoTime until) {
    newcomers_ready_ = false;
    if (take_events(epoll_, wait_ms(until)) > 0) {
        const MonoTime enough = now_ + kInputBudget;
        for (int waits = 1; waits < kWaitsARound && clock_.mono() < enough; ++waits)
            if (take_events(epoll_, 0) == 0) break;
    }
    if (newcomers_ready_) take_events(newcomers_, 0);
    run_posted();
    run_deferred();
    run_expired();
}

// How many watchers, or wake-ups, were ready.
int EventLoop::take_events(const Socket& epoll, int timeout_ms) {
    std::array<epoll_event, kEventsAWait> events;
    const int count = epoll_wait(epoll.descriptor(), events.data(), kEventsAWait, timeout_ms);
    now_ = clock_.mono();
    int taken = 0;
    for (int i = 0; i < count; ++i) {
        const auto& [what, from] = events[static_cast<std::size_t>(i)];
        if (from.ptr == &newcomers_) {
            newcomers_ready_ = true;
            continue;
        }
        ++taken;
        auto* watcher = static_cast<Watcher*>(from.ptr);
        if (watcher == nullptr) {
            drain_wake_up();
        } else if (!watcher->retired_) {
            guard(*watcher, [what = what](Watcher& ready) { ready.ready(what); });
        }
    }
    return taken;
}

void EventLoop::drain_wake_up() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = read(wake_up_.descriptor(), &count, sizeof count);
    // Cleared before the turn looks at what it was woken for: a wake-up from here on is a new one.
    woken_.store(false, std::memory_order_release);
}

void EventLoop::run_posted() {
    std::vector<std::function<void()>> tasks;
    {
        const std::lock_guard lock(posted_mutex_);
        tasks.swap(posted_);
    }
    for (const auto& task : tasks) guarded(task);
}

void EventLoop::run_deferred() {
    resuming_.swap(deferred_);
    for (Watcher* watcher : resuming_) {
        watcher->deferred_ = false;
        if (!watcher->retired_) guard(*watcher, [](Watcher& deferred) { deferred.resume(); });
    }
    resuming_.clear();
}

void EventLoop::run_expired() {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
        Watcher& watcher = *deadlines_.begin()->second;
        clear_deadline(watcher);
        guard(watcher, [](Watcher& late) { late.expired(); });
    }
}

void EventLoop::bury() {
    if (retired_.empty()) return;
    std::erase_if(deferred_, [](const Watcher* watcher) { return watcher->retired_; });
    retired_.clear();
}

}  // namespace mythos::transport
