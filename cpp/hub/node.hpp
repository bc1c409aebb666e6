// The whole hub of one process: the sequencer, the journal, and the loops' inboxes.
//
// Construct it, then one LoopCore a loop (index 0 .. loops-1), then call `start`.
// Thread-safety: everything from `reload` on, from any thread.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "hub/closed_connections.hpp"
#include "hub/hub_event.hpp"
#include "hub/inquiry.hpp"
#include "hub/settings.hpp"
#include "hub/survey_shard.hpp"
#include "stats/counters.hpp"
#include "stats/errors.hpp"
#include "stats/latencies.hpp"

namespace mythos::journal {
class Journal;
}

namespace mythos::store {
class EventQueue;
}

namespace mythos::observe {
class ErrorTracker;
}

namespace mythos::hub {

class Node {
public:
    // `journal` and `clock` outlive the node.
    Node(journal::Journal& journal, const Clock& clock, Settings settings, std::uint32_t loops);
    ~Node();

    // How loop `index` is woken from another thread. Set before `start`.
    void set_wake(std::uint32_t index, std::function<void()> wake);

    // Where the history of sessions and connections goes; it outlives the node. Set before `start`.
    void set_history(store::EventQueue& history);

    // Hears of what the sequencer decided (hub_event.hpp); called on the loops' threads and the application's, one
    // event at a time for each of them. Set before `start`.
    void set_on_event(OnHubEvent on_event);

    // Restores what the journal recovered. Call once, before any turn.
    void start();

    // New settings, effective from the next turn on.
    void reload(const Settings& settings);

    std::uint64_t count(stats::Counter counter) const;
    // Errors since the start, by stats::index_of(type, severity).
    std::array<std::uint64_t, stats::kErrors> count_errors() const;
    observe::ErrorTracker& errors();
    // Of every loop.
    std::vector<std::shared_ptr<stats::HistogramShard>> shards(stats::Latency latency) const;
    bool draining() const;

    // What the loops know of their connections; takes nothing of their time.
    SurveySums survey() const;
    // Every loop answers by itself, in turns to come.
    void inquire(Inquiry inquiry);
    const ClosedConnections& closed() const;
    std::uint32_t loops() const;

    struct Shared;
    Shared& shared() { return *shared_; }

private:
    std::unique_ptr<Shared> shared_;
};

}  // namespace mythos::hub
