#include "hub/client_state.hpp"

#include <algorithm>

#include "observe/error_tracker.hpp"

namespace mythos::hub {

namespace {

std::unique_ptr<const char[]> terminated(std::string_view text) {
    auto copy = std::make_unique<char[]>(text.size() + 1);
    std::ranges::copy(text, copy.get());
    return copy;
}

}  // namespace

void ClientState::begin_account(Seq base, std::uint64_t owed) {
    Seq unset = kUnset;
    if (frontier_.compare_exchange_strong(unset, base, std::memory_order_acq_rel))
        owed_base_.store(owed, std::memory_order_relaxed);
}

void ClientState::skip_to(Seq base) {
    settle_gaps(base);
    Seq seen = frontier_.load(std::memory_order_acquire);
    while (seen != kUnset && seen < base && !frontier_.compare_exchange_weak(seen, base, std::memory_order_acq_rel)) {}
}

ClientState::Share ClientState::claim(Seq after, Seq upto) {
    Seq seen = frontier_.load(std::memory_order_acquire);
    while (after <= seen && seen < upto) {
        if (frontier_.compare_exchange_weak(seen, upto, std::memory_order_acq_rel)) return {seen, true};
    }
    return {.contested = (seen & kContested) != 0};
}

void ClientState::acknowledge(Seq seq, MonoTime now, bool explicit_ack) {
    Seq seen = acked_.load(std::memory_order_relaxed);
    while (seen < seq && !acked_.compare_exchange_weak(seen, seq, std::memory_order_relaxed)) {}
    if (explicit_ack) ack_ns_.store(now.ns, std::memory_order_relaxed);
}

ClientState::ClientState(DeliveryTotals& totals, std::string_view client_id)
    : client_id_(terminated(client_id)), totals_(totals) {}

ClientState::~ClientState() {
    settle_gaps(kUnset);
    settle();
}

void ClientState::open_gap(const OpenGaps::Range& gap) {
    const std::lock_guard lock(totals_.open_gaps);
    const Seq from = frontier_.fetch_or(kContested, std::memory_order_acq_rel) & ~kContested;
    if (!gaps_) gaps_ = std::make_unique<OpenGaps>(from);
    gaps_->tell(gap);
}

std::optional<std::vector<Seq>> ClientState::take(std::span<const Seq> positions, Seq upto) {
    const std::lock_guard lock(totals_.open_gaps);
    if (!gaps_) return std::nullopt;
    auto made = gaps_->take(positions, upto);
    count(made.size());
    return made;
}

// `given_up`: the client asks for nothing up to there, whoever may bring it.
void ClientState::settle_gaps(Seq given_up) {
    if ((frontier_.load(std::memory_order_acquire) & kContested) == 0) return;
    const std::lock_guard lock(totals_.open_gaps);
    if (!gaps_) return;
    Seq brought = kUnset;
    for (std::size_t wire = 0; wire < 2; ++wire)
        if (living[wire].load() > 0) brought = std::min(brought, sent[wire].load());
    const auto missing = gaps_->settle(gaps_->full() ? kUnset : std::max(brought, given_up));
    count(missing);
    totals_.gap.fetch_add(missing, std::memory_order_relaxed);
    if (!gaps_->empty()) return;
    frontier_.store(gaps_->highest(), std::memory_order_release);
    gaps_.reset();
}

void ClientState::end_account(std::uint64_t owed_at_end, const std::string& player_id, const std::string& session_id) {
    owner_ = std::make_unique<const Owner>(player_id, session_id);
    owed_at_end_.store(owed_at_end, std::memory_order_relaxed);
}

void ClientState::settle() {
    const auto end = owed_at_end_.load(std::memory_order_relaxed);
    if (end == kUnset || claimed_to() == kUnset) return;
    const auto owed = end - owed_base_.load(std::memory_order_relaxed);
    totals_.owed.fetch_add(owed, std::memory_order_relaxed);
    const auto unsent = owed - std::min(owed, accounted_.load(std::memory_order_relaxed));
    if (unsent == 0) return;
    totals_.unsent.fetch_add(unsent, std::memory_order_relaxed);
    totals_.errors.tell(stats::Counter::accounts_unsent, "Messages not delivered",
                        {.player_id = owner_->player_id, .session_id = owner_->session_id},
                        {{"reason", "session_ended"}, {"unsent", unsent}});
}

}  // namespace mythos::hub
