// epoll, level-triggered, one thread. Owns no descriptors and no Pollables: both outlive
// their registration. A Pollable may close its descriptor while events are dispatched, but
// nothing may open a descriptor for the same Pollable until the step that follows, or it
// would be given its predecessor's events.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace mythos::bench {

std::int64_t now_ns();

class Pollable {
public:
    virtual ~Pollable() = default;
    virtual void on_ready(std::uint32_t events) = 0;
};

class EventLoop {
public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    void add(int fd, Pollable& pollable, std::uint32_t events);
    void modify(int fd, Pollable& pollable, std::uint32_t events);
    void remove(int fd);

    // Dispatches what is ready and waits at most `wait_ms` for the first event.
    void run_once(int wait_ms);
    // Runs until `done()`, asked after each batch of events; false when `limit_s` passed first.
    bool run_until(double limit_s, const std::function<bool()>& done);

    // One buffer for all reads; its content lasts until the next read.
    std::span<char> read_buffer() { return buffer_; }

private:
    int epoll_fd_;
    std::vector<char> buffer_;
};

}  // namespace mythos::bench
