#include "transport/hub_loop.hpp"

#include <algorithm>
#include <utility>

namespace mythos::transport {
namespace {

// After a turn that failed: whatever made it fail must not spin the loop and flood the log.
constexpr Duration kRestAfterFault = milliseconds(20);

protocol::WsReceiverConfig receiver_config(const HubLoopSettings& settings, protocol::WsInflateScratch& scratch) {
    protocol::WsReceiverConfig config;
    config.binary_allowed = false;
    config.message_bytes_max = settings.message_bytes_max;
    config.scratch = &scratch;
    return config;
}

}  // namespace

HubLoop::HubLoop(hub::Node& node, std::uint32_t index, const Clock& clock, const HubLoopSettings& settings,
                 Authenticate authenticate, observe::Log& log)
    : events_(clock),
      core_(node, index),
      streams_{events_, core_, core_.counters(), core_.errors(), log, receiver_config(settings, inflate_scratch_)},
      site_(streams_, settings.site, std::move(authenticate)),
      http_(events_, site_, settings.site.limits),
      monitor_http_(events_, monitor_door_, settings.site.limits) {
    node.set_wake(index, [this] { wake(); });
    events_.on_fault([this](std::string_view what) {
        try {
            streams_.errors.record(stats::Counter::event_faults, {.code = "server_fault", .exception = what});
        } catch (const std::exception&) {
            // What cannot even be recorded ends the loop no more than what was to be.
        }
    });
}

Result<void> HubLoop::listen(Socket listener, HttpConnections& connections, Acceptor*& acceptor) {
    acceptor = Acceptor::begin(
        events_, std::move(listener), [&connections](Socket socket) { connections.open(std::move(socket)); },
        [this] { rest(); });
    if (acceptor == nullptr) return Error{"listen_failed", "The system has no room for another listener."};
    return {};
}

// Out of descriptors: those who only wait for another request make room.
void HubLoop::rest() {
    streams_.errors.record(stats::Counter::accept_pauses, {.code = "no_descriptors"});
    http_.close_idle();
    monitor_http_.close_idle();
}

void HubLoop::run() {
    while (!stopped_) {
        events_.run_round(more_to_do_ ? MonoTime{} : std::max(core_.next_deadline(), rest_until_));
        end_turn();
        events_.bury();
        if (draining_) empty_.store(is_left_alone(), std::memory_order_release);
    }
}

// What a turn lets escape is told and ends that turn; the connections and the process live on.
void HubLoop::end_turn() {
    more_to_do_ = false;
    const bool ended = events_.guarded([&] { more_to_do_ = core_.turn(events_.clock()); });
    rest_until_ = ended ? MonoTime{} : events_.now() + kRestAfterFault;
}

void HubLoop::tell_listeners(std::shared_ptr<const std::string> block) {
    if (has_listeners()) events_.post([this, block = std::move(block)] { site_.listeners().tell(block); });
}

void HubLoop::stop() {
    // The turn that follows flushes what the connections say last.
    events_.post([this] {
        events_.for_each([](Watcher& watcher) { watcher.last_word(); });
        stopped_ = true;
    });
}

void HubLoop::close_all() {
    events_.post([this] { events_.for_each([](Watcher& watcher) { watcher.last_word(); }); });
}

void HubLoop::drain(Duration spread, std::string reason) {
    events_.post([this, spread, reason = std::move(reason)] {
        if (std::exchange(draining_, true)) return;
        http_.close_all_when_idle();
        monitor_http_.close_all_when_idle();
        site_.set_draining();
        site_.listeners().end_all();
        core_.drain(spread, reason, events_.now());
    });
}

// The listeners stay for those who ask how it goes, and so may somebody be who has only connected.
bool HubLoop::is_left_alone() const {
    const std::size_t listeners = (acceptor_ != nullptr) + (monitor_acceptor_ != nullptr);
    return core_.connections() == 0 && events_.watchers() == listeners + http_.silent() + monitor_http_.silent();
}

void HubLoop::ask_sign() {
    if (asked_ns_.load(std::memory_order_relaxed) != 0) return;
    asked_ns_.store(events_.clock().mono().ns, std::memory_order_relaxed);
    events_.post([this] {
        lag_ns_.store(events_.clock().mono().ns - asked_ns_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        asked_ns_.store(0, std::memory_order_relaxed);
    });
}

Duration HubLoop::silent_for(MonoTime now) const {
    const std::int64_t asked = asked_ns_.load(std::memory_order_relaxed);
    return asked == 0 ? Duration{} : now - MonoTime{asked};
}

void HubLoop::set_settings(const HubLoopSettings& settings) {
    events_.post([this, settings] {
        site_.set_settings(settings.site);
        http_.set_limits(settings.site.limits);
        monitor_http_.set_limits(settings.site.limits);
        if (!settings.site.monitoring) site_.listeners().end_all();
        streams_.receiver.message_bytes_max = settings.message_bytes_max;
        // Inherited by those who come; who is here goes on at the heartbeat that its welcome named.
        if (acceptor_ != nullptr) set_user_timeout(acceptor_->socket(), settings.user_timeout);
    });
}

}  // namespace mythos::transport
