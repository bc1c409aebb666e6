#include "stats/histogram_shard.hpp"

namespace mythos::stats {

std::uint64_t HistogramShard::end_turn() {
    constexpr std::uint64_t turns = ~std::uint64_t{0} >> kTurnShift;
    const std::uint64_t ended = turn_.load(std::memory_order_relaxed);
    turn_.store(ended + 1, std::memory_order_relaxed);
    const std::uint64_t cell = maxima_[ended % 2].load(std::memory_order_relaxed);
    return cell >> kTurnShift == (ended & turns) ? cell & kValueMax : 0;
}

}  // namespace mythos::stats
