// Counters that are never zeroed, one shard a thread, added up when read.
//
// A shard has one writer (its loop); any thread may read it at any time. Values
// may be added across shards and across nodes. Names are those of the metrics
// endpoint, label included, so that a count has one name everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stats/count_shard.hpp"

namespace mythos::stats {

enum class Counter : std::uint8_t {
#define MYTHOS_COUNTER(id, name) id,
#include "stats/counters.def"
#undef MYTHOS_COUNTER
    count_,
};

inline constexpr std::size_t kCounters = static_cast<std::size_t>(Counter::count_);

std::string_view name_of(Counter counter);

enum class Rejection : std::uint8_t {
#define MYTHOS_REJECTION(reason) reason,
#include "stats/rejections.def"
#undef MYTHOS_REJECTION
};

// A refused connection counts by its reason, and as a failure of its wire (0: WebSocket, 1: SSE) for that reason.
constexpr Counter rejected(Rejection why) {
    return static_cast<Counter>(static_cast<std::size_t>(Counter::rejected_bad_cursor) + static_cast<std::size_t>(why));
}
constexpr Counter failed(Rejection why, std::size_t wire) {
    const Counter first = wire == 0 ? Counter::failed_websocket_bad_cursor : Counter::failed_sse_bad_cursor;
    return static_cast<Counter>(static_cast<std::size_t>(first) + static_cast<std::size_t>(why));
}

class CounterShard : private CountShard<kCounters> {
public:
    // Only the shard's own thread.
    void add(Counter counter, std::uint64_t n = 1) { CountShard::add(static_cast<std::size_t>(counter), n); }
    void add(Rejection why, std::size_t wire) {
        add(rejected(why));
        add(failed(why, wire));
    }
    // Any thread.
    std::uint64_t read(Counter counter) const { return CountShard::read(static_cast<std::size_t>(counter)); }
};

}  // namespace mythos::stats
