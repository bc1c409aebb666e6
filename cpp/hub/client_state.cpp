#include "hub/client_state.hpp"

#include <algorithm>
#include <vector>

namespace mythos::hub {

void ClientState::begin_account(Seq base, std::uint64_t owed) {
    Seq unset = kUnset;
    if (frontier_.compare_exchange_strong(unset, base, std::memory_order_acq_rel))
        owed_base_.store(owed, std::memory_order_relaxed);
}

void ClientState::skip_to(Seq base) {
    Seq seen = frontier_.load(std::memory_order_acquire);
    while (seen != kUnset && seen < base && !frontier_.compare_exchange_weak(seen, base, std::memory_order_acq_rel)) {}
}

ClientState::Share ClientState::claim(Seq after, Seq upto) {
    Seq seen = frontier_.load(std::memory_order_acquire);
    while (after <= seen && seen < upto) {
        if (frontier_.compare_exchange_weak(seen, upto, std::memory_order_acq_rel)) return {seen, true};
    }
    return {};
}

void ClientState::acknowledge(Seq seq, MonoTime now, bool explicit_ack) {
    Seq seen = acked_.load(std::memory_order_relaxed);
    while (seen < seq && !acked_.compare_exchange_weak(seen, seq, std::memory_order_relaxed)) {}
    if (explicit_ack) ack_ns_.store(now.ns, std::memory_order_relaxed);
}

ClientState::~ClientState() {
    settle_left();
    settle();
}

void ClientState::leave(std::unique_ptr<OpenGap> gap) {
    OpenGap* const made = gap.release();
    made->next = left_.load(std::memory_order_relaxed);
    while (!left_.compare_exchange_weak(made->next, made, std::memory_order_acq_rel)) {}
}

// Nobody brings anything any more. A range of which a part was claimed meanwhile cannot be told apart: it stays unsent.
void ClientState::settle_left() {
    std::vector<std::unique_ptr<OpenGap>> left;
    for (OpenGap* gap = left_.load(std::memory_order_acquire); gap != nullptr; gap = gap->next) left.emplace_back(gap);
    std::sort(left.begin(), left.end(), [](const auto& a, const auto& b) { return a->after < b->after; });
    const auto counted = [&](std::atomic<std::uint64_t>& total, std::uint64_t entries) {
        count(entries);
        total.fetch_add(entries, std::memory_order_relaxed);
    };
    for (const auto& gap : left) {
        if (const Share share = claim(gap->after, gap->upto); share.any && share.above == gap->after)
            counted(totals_.gap, gap->owed_upto - gap->owed_after);
        if (const Share share = claim(gap->upto, gap->end); share.any && share.above == gap->upto) {
            counted(totals_.conflated, gap->conflated);
            counted(totals_.written, gap->owed_end - gap->owed_upto - gap->conflated);
        }
    }
}

void ClientState::settle() {
    const auto end = owed_at_end_.load(std::memory_order_relaxed);
    if (end == kUnset || frontier_.load(std::memory_order_relaxed) == kUnset) return;
    const auto owed = end - owed_base_.load(std::memory_order_relaxed);
    totals_.owed.fetch_add(owed, std::memory_order_relaxed);
    totals_.unsent.fetch_add(owed - std::min(owed, accounted_.load(std::memory_order_relaxed)),
                             std::memory_order_relaxed);
}

}  // namespace mythos::hub
