#include "load/event_loop.hpp"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "load/failure.hpp"

namespace mythos::bench {

namespace {
// The longest message that can be read, with room for the messages that arrive with it.
constexpr std::size_t kReadBufferBytes = 4U << 20;
constexpr int kEventsPerTurn = 512;
}  // namespace

std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

EventLoop::EventLoop() : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadBufferBytes) {
    if (epoll_fd_ < 0) throw Failure("epoll_create1 failed");
}

EventLoop::~EventLoop() { close(epoll_fd_); }

void EventLoop::add(int fd, Pollable& pollable, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.ptr = &pollable}};
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) throw Failure("epoll_ctl could not add a descriptor");
}

void EventLoop::modify(int fd, Pollable& pollable, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.ptr = &pollable}};
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) != 0) throw Failure("epoll_ctl could not modify a descriptor");
}

void EventLoop::remove(int fd) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::run_once(int wait_ms) {
    std::array<epoll_event, kEventsPerTurn> events;
    const int ready = epoll_wait(epoll_fd_, events.data(), kEventsPerTurn, wait_ms);
    if (ready < 0 && errno != EINTR) throw Failure("epoll_wait failed");
    for (int i = 0; i < ready; ++i) static_cast<Pollable*>(events[i].data.ptr)->on_ready(events[i].events);
}

bool EventLoop::run_until(double limit_s, const std::function<bool()>& done) {
    const std::int64_t deadline_ns = now_ns() + static_cast<std::int64_t>(limit_s * 1e9);
    while (!done()) {
        const std::int64_t left_ns = deadline_ns - now_ns();
        if (left_ns <= 0) return false;
        run_once(static_cast<int>(std::min<std::int64_t>(left_ns / 1'000'000 + 1, 100)));
    }
    return true;
}

}  // namespace mythos::bench
