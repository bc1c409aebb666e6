// The deliveries of one loop that were chosen to be told one by one: noted while it flushes, told in the next turn,
// when the sequencer can say what else the player has. At most kSampledLinesASecond; what is beyond is counted.
//
// Not thread-safe: one loop's.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "hub/outlet.hpp"
#include "hub/sampler.hpp"
#include "stats/counters.hpp"

namespace mythos::hub {

class DeliverySamples {
public:
    DeliverySamples(std::uint64_t seed, stats::CounterShard& counters) : sampler_(seed), counters_(counters) {}

    struct Sample {
        ConnectionKey key = 0;
        Seq seq = 0;
        DeliveryReport report;
    };

    Sampler& sampler() { return sampler_; }
    // `json`: of the message; `bytes`: of its frame on this wire.
    void note(ConnectionKey key, Seq seq, std::string_view json, std::size_t bytes, Duration took, MonoTime now);
    bool empty() const { return noted_.empty(); }
    std::vector<Sample> take() { return std::exchange(noted_, {}); }

private:
    Sampler sampler_;
    stats::CounterShard& counters_;
    std::vector<Sample> noted_;
    MonoTime second_began_{};
    std::uint32_t this_second_ = 0;
};

// The member `type` of a message as the journal wrote it; empty where it has none.
std::string_view type_of_message(std::string_view json);

}  // namespace mythos::hub
