#include "hub/loop_core.hpp"

#include "hub/loop_impl.hpp"

namespace mythos::hub {

namespace {

constexpr std::size_t kCommandsKept = 1'024;  // of the room for received commands, between turns

}  // namespace

LoopCore::LoopCore(Node& node, std::uint32_t index) : impl_(std::make_unique<Impl>(node, index)) {}
LoopCore::~LoopCore() = default;

LoopCore::Impl::Impl(Node& n, std::uint32_t i)
    : node(n.shared()),
      index(i),
      settings(node.settings),
      counters(node.shards[i]),
      latencies(node.latencies[i]),
      errors(node.errors, counters),
      delivery(node.journal.ring(), node.journal.epoch(), settings, counters, latencies, errors, i),
      settings_version_(node.settings_version.load()) {
    delivery.samples().sampler().set_rate(settings.message_sample);
}

LoopCore::Impl::~Impl() {
    for (auto& [key, stream] : streams)
        if (stream.view != nullptr) delivery.detach(stream);
}

bool LoopCore::turn(const Clock& clock) { return impl_->turn(clock); }
MonoTime LoopCore::next_deadline() const { return impl_->next_deadline(); }
std::size_t LoopCore::connections() const { return impl_->streams.size(); }
stats::CounterShard& LoopCore::counters() { return impl_->counters; }
observe::ErrorRecorder& LoopCore::errors() { return impl_->errors; }
stats::LatencyShards& LoopCore::latencies() { return impl_->latencies; }

void LoopCore::Impl::refresh_settings(MonoTime now) {
    const auto version = node.settings_version.load(std::memory_order_acquire);
    if (version == settings_version_) return;
    const std::lock_guard lock(node.mutex);
    settings = node.settings;
    settings_version_ = version;
    delivery.samples().sampler().set_rate(settings.message_sample);
    // A round that was planned long ahead comes as soon as one of now would.
    if (survey_at_ != MonoTime{}) survey_at_ = std::min(survey_at_, now + settings.survey_interval);
}

// In the next turn, for whose sake nothing waits.
void LoopCore::Impl::tell_samples() {
    operate([this, samples = delivery.samples().take()](Hub& hub) mutable {
        std::erase_if(samples, [&hub](auto& sample) { return !hub.complete(sample.report, sample.key, sample.seq); });
        after_unlock_.push_back([this, samples = std::move(samples)] {
            for (const auto& sample : samples)
                if (Stream* stream = find(sample.key)) stream->outlet->delivered(sample.report);
        });
    });
}

bool LoopCore::Impl::turn(const Clock& clock) {
    current_loop() = index;
    Inbox& inbox = node.inboxes[index];
    inbox.woken.store(false, std::memory_order_seq_cst);
    const MonoTime now = clock.mono();
    refresh_settings(now);
    std::vector<Effect> effects;
    {
        const std::lock_guard lock(inbox.mutex);
        effects.swap(inbox.effects);
        for (auto& inquiry : std::exchange(inbox.inquiries, {})) inquiries_.push_back({std::move(inquiry), {}, {}});
    }
    run_timers(now);
    take_answers();
    run_operations(now, clock.wall());

    delivery.begin_turn(now);
    delivery.advance();
    measure_acks();
    // After reading on: a promotion's cursor may lie ahead of where this loop stood.
    for (Effect& effect : effects) apply(effect, now);
    run_visible();
    tell_handlers_replies();
    const bool more = delivery.flush(settings.turn_budget, [&] { return clock.mono(); });
    survey(clock, now);
    const bool asked = answer_inquiries(clock, now);
    delivery.end_turn();
    if (!delivery.samples().empty()) tell_samples();
    if (std::exchange(offered_, false)) node.handlers.announce();
    current_loop() = kEveryLoop;  // what this thread does between turns wakes this loop too

    if (now >= trim_at_) {
        delivery.trim();
        trim_at_ = now + seconds(5);
    }
    const bool again = more || asked || !operations_.empty();
    const std::lock_guard lock(inbox.mutex);
    return again || !inbox.effects.empty() || !inbox.inquiries.empty();
}

void LoopCore::Impl::run_operations(MonoTime now, WallTime wall_now) {
    const bool tick = index == 0 && now >= hub_deadline_;
    if (operations_.empty() && !tick) return;
    auto operations = std::exchange(operations_, {});
    std::vector<Effect> effects;
    std::vector<HubEvent> events;
    {
        const std::lock_guard lock(node.mutex);
        node.hub.begin(now, wall_now);
        for (auto& operation : operations) {
            try {
                operation(node.hub);
            } catch (const std::exception& fault) { note_fault(fault.what()); }
        }
        if (tick) node.hub.tick();
        node.hub.end(effects);
        events = node.hub.take_events();
        // Only loop 0 ticks; a grace that another loop starts is at least a second away.
        if (index == 0) hub_deadline_ = std::min(node.hub.next_deadline(), now + milliseconds(250));
    }
    node.send(std::move(effects), index);
    node.tell(events);
    commands_.clear();
    if (commands_.capacity() > kCommandsKept) commands_.shrink_to_fit();
    for (auto& act : std::exchange(after_unlock_, {})) act();
}

void LoopCore::Impl::run_visible() {
    while (!waiting_.empty() && waiting_.begin()->first <= delivery.position()) {
        auto act = waiting_.extract(waiting_.begin());
        try {
            act.mapped()();
        } catch (const std::exception& fault) { note_fault(fault.what()); }
    }
}

void LoopCore::Impl::note_fault(std::string_view what) {
    errors.record(stats::Counter::operation_faults, {.code = "server_fault", .exception = what});
}

MonoTime LoopCore::Impl::next_deadline() const {
    MonoTime at = trim_at_;
    if (index == 0) at = std::min(at, hub_deadline_);
    if (survey_at_ != MonoTime{}) at = std::min(at, survey_at_);
    if (!timers_.empty()) at = std::min(at, timers_.top().at);
    return at;
}

}  // namespace mythos::hub
