#include "hub/outcomes.hpp"

#include "hub/mutants.hpp"

namespace mythos::hub {

Outcomes::Verdict Outcomes::begin(std::uint64_t number, std::uint64_t fingerprint, std::size_t outstanding_max) {
    if (const auto it = entries_.find(number); it != entries_.end()) {
        if (it->second.fingerprint != fingerprint) return Verdict::conflict;
        return it->second.done ? Verdict::repeat : Verdict::running;
    }
    if (number < forgotten_below_) return Verdict::stale;
    if (running_ >= outstanding_max) return Verdict::too_many;
    entries_[number].fingerprint = fingerprint;
    ++running_;
    return Verdict::execute;
}

void Outcomes::finish(std::uint64_t number, std::uint64_t fingerprint, std::string reply, Seq visible_at,
                      std::size_t kept) {
    if (const auto it = entries_.find(number); it != entries_.end() && !it->second.done) --running_;
    entries_[number] = {fingerprint, true, {std::move(reply), visible_at}};
    if (mutant(Mutant::forget_reply)) entries_.erase(number);
    // Running commands are never forgotten, nor anything above the oldest of them.
    while (entries_.size() > kept && entries_.begin()->second.done) {
        forgotten_below_ = entries_.begin()->first + 1;
        entries_.erase(entries_.begin());
    }
}

void Outcomes::forget(std::uint64_t number) {
    if (entries_.erase(number) > 0) --running_;
}

}  // namespace mythos::hub
