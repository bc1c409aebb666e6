#include "stats/record_batch.hpp"

namespace mythos::stats {

void RecordBatch::settle() {
    if (weight_ == 0) return;
    shard_.record(now_ - since_, weight_);
    recorded_ += std::exchange(weight_, 0);
}

void RecordBatch::add_other(MonoTime since, std::uint64_t weight) {
    settle();
    since_ = since;
    weight_ = weight;
}

}  // namespace mythos::stats
