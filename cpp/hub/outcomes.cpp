#include "hub/outcomes.hpp"

#include "hub/mutants.hpp"

namespace mythos::hub {

namespace {

constexpr std::size_t kGrowByOne = 4;  // up to here one more at a time; most clients send a command or two

}  // namespace

Outcomes::Place Outcomes::lower_bound(std::uint64_t number) const {
    // Most clients count their commands up one by one: then its place follows from the newest number.
    if (first_ == entries_.size() || entries_.back().number < number) return entries_.end();
    const std::uint64_t back = entries_.back().number - number;
    if (back < entries_.size() - first_ && entries_[entries_.size() - 1 - back].number == number)
        return entries_.end() - 1 - static_cast<std::ptrdiff_t>(back);
    return std::lower_bound(entries_.begin() + first_, entries_.end(), number,
                            [](const Entry& e, std::uint64_t n) { return e.number < n; });
}

const Outcomes::Entry* Outcomes::find(std::uint64_t number) const {
    const Place at = lower_bound(number);
    return at != entries_.end() && at->number == number ? &*at : nullptr;
}

// Made where there is none.
Outcomes::Entry& Outcomes::entry_of(std::uint64_t number) {
    Place at = lower_bound(number);
    if (at == entries_.end() || at->number != number) {
        const auto place = at - entries_.begin();
        if (entries_.size() < kGrowByOne) entries_.reserve(entries_.size() + 1);
        Entry made;
        made.number = number;
        at = entries_.insert(entries_.begin() + place, std::move(made));
    }
    return entries_[static_cast<std::size_t>(at - entries_.begin())];
}

void Outcomes::drop_first() {
    forgotten_below_ = entries_[first_].number + 1;
    entries_[first_].told.text.reset();
    if (++first_ <= entries_.size() / 2) return;
    entries_.erase(entries_.begin(), entries_.begin() + first_);
    first_ = 0;
}

Outcomes::Verdict Outcomes::begin(std::uint64_t number, std::uint64_t fingerprint, std::size_t outstanding_max) {
    if (const Entry* known = find(number)) {
        if (known->fingerprint != fingerprint) return Verdict::conflict;
        return known->done() ? Verdict::repeat : Verdict::running;
    }
    if (number < forgotten_below_) return Verdict::stale;
    if (running_ >= outstanding_max) return Verdict::too_many;
    entry_of(number).fingerprint = fingerprint;
    ++running_;
    return Verdict::execute;
}

void Outcomes::finish(std::uint64_t number, std::uint64_t fingerprint, Told told, std::size_t kept) {
    const Entry* known = find(number);
    if (known != nullptr && !known->done()) --running_;
    Entry& entry = entry_of(number);
    entry.fingerprint = fingerprint;
    entry.told = std::move(told);
    if (mutant(Mutant::forget_reply)) entries_.erase(lower_bound(number));
    // Running commands are never forgotten, nor anything above the oldest of them.
    while (entries_.size() - first_ - running_ > kept && entries_[first_].done()) drop_first();
}

void Outcomes::finish(std::uint64_t number, std::uint64_t fingerprint, Seq visible_at, std::string_view text,
                      std::size_t kept) {
    std::unique_ptr<std::string> copy;
    // With this one there is an outcome too many.
    if (first_ < entries_.size() && entries_.size() - first_ - running_ >= kept && entries_[first_].done()) {
        copy = std::move(entries_[first_].told.text);
        drop_first();
    }
    if (copy == nullptr) copy = std::make_unique<std::string>();
    copy->assign(text);
    finish(number, fingerprint, {visible_at, 0, std::move(copy)}, kept);
}

void Outcomes::forget(std::uint64_t number) {
    const Place at = lower_bound(number);
    if (at == entries_.end() || at->number != number) return;
    if (!at->done()) --running_;
    entries_.erase(at);
}

}  // namespace mythos::hub
