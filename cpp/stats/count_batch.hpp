// Adds up what a counter grows by in a plain number that stays in the cache of its thread, and gives it to the shard
// when asked: for what is counted with every delivery.
//
// Call `settle` before leaving. One thread's, as its shard.
#pragma once

#include <utility>

#include "stats/counters.hpp"

namespace mythos::stats {

class CountBatch {
public:
    CountBatch(CounterShard& shard, Counter counter) : shard_(shard), counter_(counter) {}

    void add(std::uint64_t n) {
        if (kRecording) count_ += n;
    }
    void settle() {
        if (count_ > 0) shard_.add(counter_, std::exchange(count_, 0));
    }

private:
    CounterShard& shard_;
    const Counter counter_;
    std::uint64_t count_ = 0;
};

}  // namespace mythos::stats
