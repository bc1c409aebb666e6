// One thread's events: sockets that became ready, deadlines, and wake-ups from other threads.
//
// A watcher is registered once, edge-triggered, for reading and writing (epoll(7)), and never again: it must read until
// the socket is empty, or ask for `resume`. Events are taken until nothing more is ready, bounded, so that everything
// that arrived together is handled in one round; then the caller ends the turn and calls `bury`.
//
// Thread-safety: everything is called on the loop's own thread, except `wake` and `post`. Watchers are owned by
// the loop. A watcher that has retired is called no more; it is destroyed in `bury`, when no call is on the stack.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "transport/socket.hpp"

namespace mythos::transport {

class EventLoop;

class Watcher {
public:
    explicit Watcher(EventLoop& loop, Socket socket) : loop_(loop), socket_(std::move(socket)) {}
    virtual ~Watcher() = default;
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    // EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR.
    virtual void ready(std::uint32_t events) = 0;
    // In the round after `EventLoop::defer`.
    virtual void resume() {}
    // The deadline given with `EventLoop::set_deadline` is past.
    virtual void expired() {}
    // One of the above has thrown: give up what you stand for. Must not throw.
    virtual void failed();
    // The process is about to end: say so to whoever is at the other end, in this turn.
    virtual void last_word() {}

    const Socket& socket() const { return socket_; }

protected:
    EventLoop& loop_;
    Socket socket_;

private:
    friend class EventLoop;
    MonoTime deadline_{};      // 0: none
    std::uint32_t index_ = 0;  // in the loop's table
    bool newcomer_ = false;
    bool deferred_ = false;
    bool retired_ = false;
};

class EventLoop {
public:
    explicit EventLoop(const Clock& clock);
    ~EventLoop();

    // Takes a watcher over and registers its socket. Nothing is called from within. False: the system has no memory
    // for it; the watcher is destroyed.
    bool adopt(std::unique_ptr<Watcher> watcher);
    // The same for one who is not let in yet: in a storm of them, each round takes of what they bring only so much, and
    // after what the others bring.
    bool adopt_newcomer(std::unique_ptr<Watcher> watcher);
    // A newcomer no longer.
    void settle(Watcher& watcher);
    // Takes over a socket that stood here already, in a watcher that has given it away: what is ready is told again.
    // Who was a newcomer is none any more.
    bool adopt_inherited(std::unique_ptr<Watcher> watcher);

    // Closes the watcher's socket, if it still has one, and forgets the watcher.
    void retire(Watcher& watcher);
    // `resume` is called in the next round, which will not wait.
    void defer(Watcher& watcher);
    // Calls `act`, guarded, for each watcher that is there now and has not retired meanwhile.
    void for_each(const std::function<void(Watcher&)>& act);
    void set_deadline(Watcher& watcher, MonoTime deadline);
    void clear_deadline(Watcher& watcher);

    // Any thread: the loop comes back from waiting. Cheap while a wake-up is under way.
    void wake();
    // Any thread: `task` runs in a round to come. For rare things: it takes a lock.
    void post(std::function<void()> task);

    // One round: waits until `until` at the latest, then hands out what is ready.
    void run_round(MonoTime until);
    // Ends a turn: destroys what retired.
    void bury();

    // Told of each exception that a watcher, a posted task or a `guarded` call let escape; a watcher has then `failed`.
    void on_fault(std::function<void(std::string_view what)> told) { on_fault_ = std::move(told); }
    // Runs `call`. False: it has thrown, and `on_fault` was told.
    bool guarded(const std::function<void()>& call);

    // Of the present round; read once a wait.
    MonoTime now() const { return now_; }
    const Clock& clock() const { return clock_; }
    // Scratch for one read; its content lasts until the next watcher is called.
    std::span<char> read_buffer() { return {read_buffer_.get(), kReadBufferBytes}; }

    std::size_t watchers() const { return watchers_.size(); }

    static constexpr std::size_t kReadBufferBytes = 64 * 1024;

private:
    bool add(std::unique_ptr<Watcher> watcher, const Socket& epoll, int operation);
    template <class Call>
    void guard(Watcher& watcher, Call call);
    int wait_ms(MonoTime until) const;
    int take_events(const Socket& epoll, int timeout_ms);
    void run_deferred();
    void run_expired();
    void run_posted();
    void drain_wake_up();

    const Clock& clock_;
    Socket epoll_;
    Socket newcomers_;  // an epoll within epoll_
    Socket wake_up_;
    MonoTime now_;
    std::unique_ptr<char[]> read_buffer_;
    std::vector<std::unique_ptr<Watcher>> watchers_;
    std::vector<std::unique_ptr<Watcher>> retired_;
    std::vector<Watcher*> deferred_;
    std::vector<Watcher*> resuming_;
    std::set<std::pair<MonoTime, Watcher*>> deadlines_;
    std::function<void(std::string_view)> on_fault_ = [](std::string_view) {};
    bool newcomers_ready_ = false;
    std::atomic<bool> woken_{false};
    std::mutex posted_mutex_;
    std::vector<std::function<void()>> posted_;  // guarded by posted_mutex_
};

}  // namespace mythos::transport
