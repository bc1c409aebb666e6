// Those on one loop who read the monitor's event stream: what the monitor says goes to each as it is, once a second.
//
// A listener that has not taken the last event when the next one comes is dropped, and counted: nothing waits for it.
// Thread-safety: the loop's own thread, but for `size`, which any may call.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "stats/counters.hpp"
#include "transport/event_loop.hpp"
#include "transport/http_connection.hpp"
#include "transport/http_message.hpp"

namespace mythos::transport {

class MonitorListener;

class MonitorListeners {
public:
    static constexpr std::size_t kMax = 16;  // of a loop: people with dashboards, not players

    MonitorListeners(EventLoop& loop, stats::CounterShard& counters) : loop_(loop), counters_(counters) {}

    bool has_room() const { return size() < kMax; }
    // Takes the connection over; precondition: has_room().
    void open(HttpConnection::Taken taken, const HttpHeaders& cors);
    // One SSE block to each.
    void tell(const std::shared_ptr<const std::string>& block);
    // Ends each stream, politely.
    void end_all();
    std::size_t size() const { return size_.load(std::memory_order_relaxed); }

private:
    friend class MonitorListener;
    void remove(MonitorListener& listener);

    EventLoop& loop_;
    stats::CounterShard& counters_;
    std::vector<MonitorListener*> open_;
    std::atomic<std::size_t> size_{0};
};

class MonitorListener final : public Watcher {
public:
    MonitorListener(EventLoop& loop, MonitorListeners& all, Socket socket)
        : Watcher(loop, std::move(socket)), all_(all) {}
    ~MonitorListener() override = default;

    void ready(std::uint32_t events) override;
    void failed() override { leave(); }
    void last_word() override { end(); }

    // False: it has not taken what it was told before.
    bool tell(std::string_view bytes);
    void end();
    void leave();

private:
    void flush();

    MonitorListeners& all_;
    std::string unsent_;
};

}  // namespace mythos::transport
