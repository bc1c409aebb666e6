// The life of one wire of a client: when to open it, when it has failed, when to come
// back. Knows time and failures, nothing of the stream.
//
// Any message is a sign of life. Silence of missed_percent of the heartbeat makes a
// wire unhealthy, of dead_percent ends it. Not thread-safe; `now` never goes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "protocol/client_config.hpp"
#include "protocol/jitter.hpp"

namespace mythos::protocol {

class WireLink {
public:
    enum class Phase : std::uint8_t {
        off,         // not used, or stopped
        waiting,     // to be opened at `deadline()`
        connecting,  // opened, no welcome yet
        welcomed,    // the server's stream or heartbeats arrive
        barred,      // told not to come back by itself
        refused,     // waits for new credentials
    };

    // What `due` finds; the owner acts on it.
    enum class Due : std::uint8_t { nothing, open, give_up, missed, dead };

    WireLink(const ClientConfig& config, Jitter& jitter) : config_(config), jitter_(jitter) {}

    Phase phase() const { return phase_; }
    std::uint64_t attempt() const { return attempt_; }
    bool is_current(std::uint64_t attempt) const;
    bool live() const { return phase_ == Phase::welcomed; }
    bool healthy() const { return live() && !missed_; }
    bool missed() const { return missed_; }
    const std::string& connection_id() const { return connection_id_; }

    void open_at(MonoTime when);
    void opening(MonoTime now, std::uint64_t attempt);
    void welcome(MonoTime now, std::optional<Duration> heartbeat, std::string connection_id);

    // Any message. True when the wire was unhealthy and is no more.
    bool heard(MonoTime now);

    // Come back no sooner than this, once the connection has ended (draining).
    void hold_off_until(MonoTime when) { hold_off_until_ = when; }

    // The connection ended. Waits as the failures so far demand, or `retry_after` and up to a
    // quarter more; `soon` permits the fast retry of a connection that had been welcomed.
    void closed(MonoTime now, bool soon, std::optional<Duration> retry_after);
    void end(Phase phase);  // off, barred or refused

    Due due(MonoTime now) const;
    void mark_missed() { missed_ = true; }
    std::optional<MonoTime> deadline() const;

private:
    MonoTime silent_for(int percent) const { return heard_ + heartbeat_ * percent / 100; }

    const ClientConfig& config_;
    Jitter& jitter_;
    Phase phase_ = Phase::off;
    std::uint64_t attempt_ = 0;
    MonoTime until_;  // waiting: opens then; connecting: gives up then
    MonoTime welcomed_at_;
    MonoTime heard_;
    std::optional<MonoTime> hold_off_until_;
    Duration heartbeat_;
    bool missed_ = false;
    int failures_ = 0;
    std::string connection_id_;
};

}  // namespace mythos::protocol
