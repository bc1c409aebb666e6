// Counts that only grow, written by one thread, one row of a table for all threads.
//
// A shard has one writer; any thread may read it at any time and sees each number whole. May be added up over shards
// and nodes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "stats/recording.hpp"

namespace mythos::stats {

template <std::size_t N>
class CountShard {
public:
    static constexpr std::size_t kSize = N;

    // Only the shard's own thread.
    void add(std::size_t index, std::uint64_t n = 1) {
        if (!kRecording) return;
        auto& value = values_[index];
        value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    // Any thread.
    std::uint64_t read(std::size_t index) const { return values_[index].load(std::memory_order_relaxed); }

private:
    std::array<std::atomic<std::uint64_t>, N> values_{};
};

}  // namespace mythos::stats
