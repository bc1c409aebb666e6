#include "stats/latencies.hpp"

namespace mythos::stats {

std::string_view name_of(Latency latency) {
    static constexpr std::array<std::string_view, kLatencies> kNames = {
#define MYTHOS_LATENCY(id, name, help) name,
#include "stats/latencies.def"
#undef MYTHOS_LATENCY
    };
    return kNames[static_cast<std::size_t>(latency)];
}

std::string_view help_of(Latency latency) {
    static constexpr std::array<std::string_view, kLatencies> kHelp = {
#define MYTHOS_LATENCY(id, name, help) help,
#include "stats/latencies.def"
#undef MYTHOS_LATENCY
    };
    return kHelp[static_cast<std::size_t>(latency)];
}

LatencyShards::LatencyShards() {
    for (auto& shard : shards_) shard = std::make_shared<HistogramShard>();
}

}  // namespace mythos::stats
