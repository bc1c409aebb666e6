// What the loops of a node share. Internal to hub/.
//
// `mutex` guards the sequencer and the settings; each inbox has its own. The counters
// of the sequencer are written under `mutex`, those of a loop by that loop.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <vector>

#include "hub/closed_connections.hpp"
#include "hub/handlers.hpp"
#include "hub/hub.hpp"
#include "hub/inquiry.hpp"
#include "hub/node.hpp"
#include "hub/survey_shard.hpp"
#include "observe/error_tracker.hpp"

namespace mythos::hub {

struct Inbox {
    std::mutex mutex;
    std::vector<Effect> effects;
    std::vector<std::shared_ptr<const Inquiry>> inquiries;
    std::atomic<bool> woken{false};
    std::function<void()> wake;
};

struct Node::Shared {
    Shared(journal::Journal& j, const Clock& c, Settings s, std::uint32_t loops)
        : journal(j),
          clock(c),
          settings(std::move(s)),
          errors(clock, settings.error_samples),
          totals(errors),
          inboxes(loops),
          shards(loops + 1),
          latencies(loops),
          surveys(loops),
          handlers(loops),
          hub(journal, settings, totals, shards.back()) {
        handlers.set_wake([this](std::uint32_t loop) { wake(loop); });
    }

    journal::Journal& journal;
    const Clock& clock;
    std::mutex mutex;
    Settings settings;
    observe::ErrorTracker errors;
    DeliveryTotals totals;
    std::atomic<std::uint64_t> settings_version{1};
    std::atomic<ConnectionKey> next_key{1};
    std::atomic<bool> draining{false};
    OnHubEvent on_event;
    std::deque<Inbox> inboxes;
    std::deque<stats::CounterShard> shards;      // one a loop, the last one the sequencer's
    std::deque<stats::LatencyShards> latencies;  // one a loop
    std::deque<SurveyShard> surveys;             // one a loop
    ClosedConnections closed;
    Handlers handlers;
    store::EventQueue* history = nullptr;
    Hub hub;

    void wake(std::uint32_t loop);
    // Wakes every loop but `except`, each at most once until it takes its turn.
    void wake_all(std::uint32_t except);
    void send(std::vector<Effect> effects, std::uint32_t from);
    // Without the mutex.
    void tell(const std::vector<HubEvent>& events) const {
        if (!on_event) return;
        for (const HubEvent& event : events) on_event(event);
    }
    std::uint64_t count(stats::Counter counter) const;
};

// The loop whose turn this thread is in, so that it does not wake itself.
std::uint32_t& current_loop();

}  // namespace mythos::hub
