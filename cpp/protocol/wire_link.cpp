#include "protocol/wire_link.hpp"

#include <algorithm>
#include <utility>

namespace mythos::protocol {

bool WireLink::is_current(std::uint64_t attempt) const {
    return attempt == attempt_ && (phase_ == Phase::connecting || phase_ == Phase::welcomed);
}

void WireLink::open_at(MonoTime when) {
    phase_ = Phase::waiting;
    until_ = when;
    failures_ = 0;
}

void WireLink::opening(MonoTime now, std::uint64_t attempt) {
    phase_ = Phase::connecting;
    attempt_ = attempt;
    until_ = now + config_.connect_timeout;
    missed_ = false;
    hold_off_until_.reset();
    connection_id_.clear();
}

void WireLink::welcome(MonoTime now, std::optional<Duration> heartbeat, std::string connection_id) {
    phase_ = Phase::welcomed;
    welcomed_at_ = heard_ = now;
    heartbeat_ = heartbeat.value_or(config_.heartbeat);
    connection_id_ = std::move(connection_id);
}

bool WireLink::heard(MonoTime now) {
    heard_ = now;
    return std::exchange(missed_, false);
}

void WireLink::closed(MonoTime now, bool soon, std::optional<Duration> retry_after) {
    const bool was_welcomed = phase_ == Phase::welcomed;
    if (was_welcomed && now - welcomed_at_ >= config_.stable_after) failures_ = 0;
    ++failures_;
    Duration delay;
    if (retry_after) {
        // A quarter more at most: those who were all sent away at once do not all return at once.
        delay = scaled(*retry_after, 1 + 0.25 * jitter_.next());
    } else if (was_welcomed && failures_ == 1 && soon) {
        delay = scaled(config_.fast_retry, jitter_.next());
    } else {
        delay = jitter_.backoff(config_.backoff_first, config_.backoff_max, failures_);
    }
    until_ = now + delay;
    if (hold_off_until_) until_ = std::max(until_, *hold_off_until_);
    phase_ = Phase::waiting;
    missed_ = false;
}

void WireLink::end(Phase phase) {
    phase_ = phase;
    missed_ = false;
}

WireLink::Due WireLink::due(MonoTime now) const {
    switch (phase_) {
        case Phase::waiting:
            return now >= until_ ? Due::open : Due::nothing;
        case Phase::connecting:
            return now >= until_ ? Due::give_up : Due::nothing;
        case Phase::welcomed:
            if (now >= silent_for(config_.dead_percent)) return Due::dead;
            return !missed_ && now >= silent_for(config_.missed_percent) ? Due::missed : Due::nothing;
        default:
            return Due::nothing;
    }
}

std::optional<MonoTime> WireLink::deadline() const {
    switch (phase_) {
        case Phase::waiting:
        case Phase::connecting:
            return until_;
        case Phase::welcomed:
            return silent_for(missed_ ? config_.dead_percent : config_.missed_percent);
        default:
            return std::nullopt;
    }
}

}  // namespace mythos::protocol
