// What one loop knows of all its connections together, kept up as they come, go and change, for who watches.
//
// Thread-safety: written by the loop alone; any thread reads, and sees each number whole. Added up over loops and
// nodes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/clock.hpp"

namespace mythos::hub {

// Why a connection is not healthy; bits.
enum Cause : std::uint8_t { heartbeat_missed = 1, unacknowledged = 2, lagging = 4 };
inline constexpr std::size_t kCauses = 3;

// The guide's bins of how long connections have been open.
inline constexpr std::array<Duration, 3> kAgeBins{seconds(300), seconds(1'800), seconds(7'200)};

struct SurveySums {
    std::array<std::uint64_t, 2> healthy{}, unhealthy{};  // by wire
    std::array<std::uint64_t, kCauses> causes{};          // connections with this cause; one may have several
    std::array<std::uint64_t, kAgeBins.size() + 1> ages{};
    // As of a second ago at most. Entries that were not handed to their sockets yet, and their bytes with those of
    // replies.
    std::uint64_t queued_messages = 0, queued_bytes = 0;
    std::uint64_t blocked = 0;  // sockets that took no more

    std::uint64_t total(std::size_t wire) const { return healthy[wire] + unhealthy[wire]; }
    std::uint64_t total() const { return total(0) + total(1); }
    void add(const SurveySums& other);
};

class SurveyShard {
public:
    // Only the loop.
    void set(const SurveySums& sums);
    // Any thread.
    SurveySums read() const;

private:
    static constexpr std::size_t kNumbers = sizeof(SurveySums) / sizeof(std::uint64_t);
    std::array<std::atomic<std::uint64_t>, kNumbers> numbers_{};
};

// In per cent; of none all are.
double health_percent(std::uint64_t healthy, std::uint64_t unhealthy);

}  // namespace mythos::hub
