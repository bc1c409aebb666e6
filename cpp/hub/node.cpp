#include "hub/node.hpp"

#include "hub/node_shared.hpp"

namespace mythos::hub {

std::uint32_t& current_loop() {
    static thread_local std::uint32_t loop = kEveryLoop;
    return loop;
}

void Node::Shared::wake(std::uint32_t loop) {
    Inbox& inbox = inboxes[loop];
    if (inbox.wake && !inbox.woken.exchange(true, std::memory_order_acq_rel)) inbox.wake();
}

void Node::Shared::wake_all(std::uint32_t except) {
    for (std::uint32_t i = 0; i < inboxes.size(); ++i)
        if (i != except) wake(i);
}

void Node::Shared::send(std::vector<Effect> effects, std::uint32_t from) {
    for (Effect& effect : effects) {
        for (std::uint32_t i = 0; i < inboxes.size(); ++i) {
            if (effect.loop != kEveryLoop && effect.loop != i) continue;
            const std::lock_guard lock(inboxes[i].mutex);
            inboxes[i].effects.push_back(effect);
        }
    }
    if (!effects.empty()) wake_all(from);
}

std::uint64_t Node::Shared::count(stats::Counter counter) const {
    using stats::Counter;
    std::uint64_t sum = counter == Counter::deliveries_unsent ? totals.unsent.load()
                        : counter == Counter::deliveries_gap  ? totals.gap.load()
                                                              : 0;
    for (const auto& shard : shards) sum += shard.read(counter);
    return sum + errors.count(counter);
}

Node::Node(journal::Journal& journal, const Clock& clock, Settings settings, std::uint32_t loops)
    : shared_(std::make_unique<Shared>(journal, clock, std::move(settings), loops)) {}

Node::~Node() = default;

void Node::set_wake(std::uint32_t index, std::function<void()> wake) { shared_->inboxes[index].wake = std::move(wake); }

void Node::set_history(store::EventQueue& history) {
    shared_->history = &history;
    shared_->hub.set_history(&history);
}

void Node::set_on_event(OnHubEvent on_event) { shared_->on_event = std::move(on_event); }

void Node::start() {
    Shared& s = *shared_;
    s.journal.on_commit([&s] { s.wake_all(current_loop()); });
    const std::lock_guard lock(s.mutex);
    s.hub.restore(s.journal.recover(), s.clock.mono(), s.clock.wall());
}

void Node::reload(const Settings& settings) {
    const std::lock_guard lock(shared_->mutex);
    shared_->settings = settings;
    shared_->settings_version.fetch_add(1, std::memory_order_release);
    shared_->errors.set_samples_max(settings.error_samples);
}

std::uint64_t Node::count(stats::Counter counter) const { return shared_->count(counter); }

std::array<std::uint64_t, stats::kErrors> Node::count_errors() const {
    std::array<std::uint64_t, stats::kErrors> counts{};
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = shared_->errors.count_own(i);
    for (const stats::Fault& fault : stats::all_faults())
        counts[stats::index_of(fault.type, fault.severity)] += shared_->count(fault.counter);
    return counts;
}

observe::ErrorTracker& Node::errors() { return shared_->errors; }

std::vector<std::shared_ptr<stats::HistogramShard>> Node::shards(stats::Latency latency) const {
    std::vector<std::shared_ptr<stats::HistogramShard>> all;
    for (const auto& loop : shared_->latencies) all.push_back(loop.share(latency));
    return all;
}

SurveySums Node::survey() const {
    SurveySums sums;
    for (const auto& shard : shared_->surveys) sums.add(shard.read());
    return sums;
}

void Node::inquire(Inquiry inquiry) {
    const auto shared = std::make_shared<const Inquiry>(std::move(inquiry));
    for (Inbox& inbox : shared_->inboxes) {
        const std::lock_guard lock(inbox.mutex);
        inbox.inquiries.push_back(shared);
    }
    shared_->wake_all(kEveryLoop);
}

const ClosedConnections& Node::closed() const { return shared_->closed; }

std::uint32_t Node::loops() const { return static_cast<std::uint32_t>(shared_->inboxes.size()); }

bool Node::draining() const { return shared_->draining.load(std::memory_order_acquire); }

}  // namespace mythos::hub
