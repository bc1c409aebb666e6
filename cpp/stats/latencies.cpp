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
    for (std::size_t i = 0; i < kLatencies; ++i) {
        const bool long_ones = is_in_microseconds(static_cast<Latency>(i));
        shards_[i] = std::make_shared<HistogramShard>(long_ones ? Edges::lifetimes() : Edges::durations());
    }
}

}  // namespace mythos::stats
