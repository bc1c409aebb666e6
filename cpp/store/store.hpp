// The history of who was connected, when and why not any more, in a database, without anybody waiting for it.
//
// Loops and the sequencer push events (store/event_queue.hpp); a thread of the store's own writes them in batches, one
// transaction each, and goes on trying, ever more rarely, while the database is away. What it holds is written when the
// database is back, in order and once; what the queue had no room for is counted. No call of the driver is made on any
// other thread. A statement that hangs is cut off after `statement_bound`.
//
// Thread-safety: any thread, but for `stop` and destruction.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "observe/error_tracker.hpp"
#include "store/event_queue.hpp"
#include "store/fault.hpp"
#include "store/store_url.hpp"

namespace mythos::store {

struct StoreSettings {
    StoreUrl url;
    std::string server_id;  // the same at each start of this server, other than any other's
    std::size_t queue_events = 65'536;
    Duration retention;                    // 0: rows are kept for ever
    std::size_t batch_events = 500;        // enough to share a commit; more is memory that the thread keeps
    Duration linger = milliseconds(100);   // a batch waits for company
    Duration touch_interval = seconds(5);  // and the probe's age at most
    Duration prune_interval = seconds(60);
    Duration statement_bound = seconds(10);
    Duration retry_first = milliseconds(100);  // doubled at each failure, less a random part of up to a half
    Duration retry_max = seconds(10);
    Duration start_bound = seconds(3);
    Duration stop_bound = seconds(3);
};

enum class StoreStatus : std::uint8_t {
    healthy,
    degraded,   // the database is there and a write failed, or the queue is above a half
    unhealthy,  // it is away
};
std::string_view name_of(StoreStatus status);

// Why an event was not written.
enum class Drop : std::uint8_t {
    queue_full,
    rejected,  // the database took the rest, and not this one
    shutdown,  // the server ended before the database took it
};
inline constexpr std::array<std::string_view, 3> kDrops{"queue_full", "rejected", "shutdown"};

// As of the last attempt, at most `touch_interval` and `retry_max` old; asking costs nothing.
struct StoreProbe {
    StoreStatus status = StoreStatus::unhealthy;
    double response_time_ms = 0;       // of the last attempt to tell the database that this server lives
    std::size_t connection_count = 0;  // connections that this server has to its database
    Fault fault = Fault::none;         // what is wrong now
    Fault last_fault = Fault::none;    // what was wrong last, now or before
    std::size_t queue_length = 0, queue_max = 0;
    std::uint64_t written = 0;  // events, since the start
    std::array<std::uint64_t, kDrops.size()> dropped{};
};

class Store {
public:
    // Waits up to `start_bound` for the database; one that is away does not keep a server from starting. `log` and
    // `errors` outlive the store. Error `schema_newer`.
    static Result<std::unique_ptr<Store>> start(const StoreSettings& settings, observe::Log& log,
                                                observe::ErrorTracker& errors);
    ~Store();

    EventQueue& events();
    StoreProbe probe() const;
    // Until what was pushed before is written, or given up. False: not in time.
    bool flush(Duration at_most);
    const StoreUrl& url() const;

    // Writes what is queued and says good-bye to the database, within about `stop_bound` whatever the database does;
    // what is left is counted as dropped. The second call does nothing.
    void stop();

private:
    class Worker;
    explicit Store(std::shared_ptr<Worker> worker);

    std::shared_ptr<Worker> worker_;
    std::thread thread_;
};

}  // namespace mythos::store
