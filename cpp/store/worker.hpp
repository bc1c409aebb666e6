// The store's thread: what it holds, and what it does in its turns. Internal to store/.
//
// It shares nothing with the server but the queue and, until `abandon`, the log and the errors: a thread that hangs in
// a driver's call which nothing can end has to be left behind.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "protocol/jitter.hpp"
#include "store/history_writer.hpp"
#include "store/store.hpp"
#include "store/watchdog.hpp"

namespace mythos::store {

class Store::Worker {
public:
    Worker(const StoreSettings& settings, observe::Log& log, observe::ErrorTracker& errors);

    void run();

    // What the first attempt to connect came to; none: it is under way after so long.
    std::optional<Fault> await_first(Duration at_most);
    void end();
    // False: it hangs.
    bool await_end(Duration at_most);
    void interrupt() { watchdog_.bite(); }
    void abandon();

    StoreProbe probe() const;

    const StoreSettings settings;
    EventQueue events;

private:
    bool ends() const;
    void turn();
    // Something that may fail: `f(HistoryWriter&)` on a connection that is there.
    template <class F>
    bool attempt(F&& f);
    bool connect();
    void write_batch();
    bool was_rejected() const;
    void settle(std::size_t count, std::optional<Drop> dropped);
    void note(Fault fault);
    void finish();
    void note_left(std::size_t left);
    void rest();  // until the next attempt

    MonoTime mono() const { return clock_.mono(); }
    WallTime wall() const { return clock_.wall(); }

    const SystemClock clock_;
    const ServerRun run_;
    Watchdog watchdog_;
    std::unique_ptr<Session> session_;
    std::vector<Event> batch_;    // taken and not settled
    std::size_t one_by_one_ = 0;  // of the batch, so many are written each by itself
    protocol::Jitter jitter_;
    int failures_ = 0;
    MonoTime next_attempt_, next_touch_, next_prune_;

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    observe::Log* log_;  // null: abandoned, and the next is no longer there
    observe::ErrorTracker* errors_;
    std::optional<MonoTime> end_by_;
    bool ended_ = false;
    bool tried_ = false;
    Fault fault_ = Fault::unreachable;
    Fault last_fault_ = Fault::none;
    double response_time_ms_ = 0;
    bool connected_ = false;
    std::uint64_t written_ = 0;
    std::array<std::uint64_t, kDrops.size()> dropped_{};
};

}  // namespace mythos::store
