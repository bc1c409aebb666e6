// When to acknowledge: after ack_entries applied entries or ack_interval since the
// first unacknowledged one, and once for each heartbeat received (docs/reference/protocol.md).
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "protocol/client_config.hpp"
#include "protocol/merge.hpp"

namespace mythos::protocol {

class AckPacer {
public:
    explicit AckPacer(const ClientConfig& config) : config_(config) {}

    // `entries` more were applied, or told as a gap.
    void applied(MonoTime now, std::uint64_t entries);
    void heartbeat() { heartbeat_ = true; }

    bool due(MonoTime now) const;
    bool for_heartbeat() const { return heartbeat_; }
    void sent();
    std::optional<MonoTime> deadline() const;

private:
    const ClientConfig& config_;
    std::uint64_t entries_ = 0;
    std::optional<MonoTime> since_;
    bool heartbeat_ = false;
};

// What an acknowledgement says beside the cursor, once a heartbeat.
struct AckReport {
    const MergeCounters* counters;
    std::string_view application;    // a JSON object of the application's own, or empty
    std::vector<std::string> alive;  // connections heard of lately: how the server knows that an SSE peer lives
    std::string delivery_ms = {};    // DelayView's, or empty
};

// The `ack` message; `report` may be null.
std::string ack_text(const Cursor& cursor, const AckReport* report);

}  // namespace mythos::protocol
