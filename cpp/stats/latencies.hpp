// The latencies that a loop records, one shard a loop: in nanoseconds, but how long a connection lasted in
// microseconds, since it may last for days. Names are those of the metrics endpoint, label included.
//
// Thread-safety: that of HistogramShard; only the loop's own thread records.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "stats/histogram_shard.hpp"

namespace mythos::stats {

enum class Latency : std::uint8_t {
#define MYTHOS_LATENCY(id, name, help) id,
#include "stats/latencies.def"
#undef MYTHOS_LATENCY
    count_,
};

inline constexpr std::size_t kLatencies = static_cast<std::size_t>(Latency::count_);

std::string_view name_of(Latency latency);
std::string_view help_of(Latency latency);

constexpr bool is_in_microseconds(Latency latency) {
    return latency == Latency::lasted_websocket || latency == Latency::lasted_sse;
}
constexpr double units_a_second(Latency latency) { return is_in_microseconds(latency) ? 1e6 : 1e9; }

class LatencyShards {
public:
    LatencyShards();

    HistogramShard& operator[](Latency latency) { return *shards_[static_cast<std::size_t>(latency)]; }
    // For who reads it, which may be longer than the loop lives.
    std::shared_ptr<HistogramShard> share(Latency latency) const { return shards_[static_cast<std::size_t>(latency)]; }

private:
    std::array<std::shared_ptr<HistogramShard>, kLatencies> shards_;
};

}  // namespace mythos::stats
