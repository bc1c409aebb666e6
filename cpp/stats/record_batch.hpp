// Makes one record of many latencies that are the same: what was appended together and is written at one time, to one
// connection or to many.
//
// `now` is said by who looks at a clock anyway; what is added after it is recorded as of then, at the latest when it is
// said anew. Call `settle` before leaving. One thread's, as its shard.
#pragma once

#include <utility>

#include "stats/histogram_shard.hpp"

namespace mythos::stats {

class RecordBatch {
public:
    explicit RecordBatch(HistogramShard& shard) : shard_(shard) {}

    void set_now(MonoTime now) {
        settle();
        now_ = now;
    }
    MonoTime now() const { return now_; }
    void add(MonoTime since, std::uint64_t weight = 1) {
        if (!kRecording) return;
        if (since != since_) return add_other(since, weight);
        weight_ += weight;
    }
    void settle();
    // How many were recorded since it was last asked.
    std::uint64_t take_recorded() { return std::exchange(recorded_, 0); }

private:
    void add_other(MonoTime since, std::uint64_t weight);

    HistogramShard& shard_;
    MonoTime now_, since_;
    std::uint64_t weight_ = 0, recorded_ = 0;
};

}  // namespace mythos::stats
