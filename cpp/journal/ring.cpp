#include "journal/ring.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdlib>

#include "base/limits.hpp"

namespace mythos::journal {

Ring::Ring(Retention retention, Seq first)
    : retention_(retention),
      mask_(std::bit_ceil(std::max(retention.entries, kMinSlots)) * 2 - 1),
      slots_(std::make_unique<std::atomic<Entry*>[]>(mask_ + 1)),
      head_(first - 1),
      first_(first) {}

Ring::~Ring() {
    for (Seq s = first(); s <= head(); ++s) slot(s).load(std::memory_order_relaxed)->release();
    for (Entry* e : limbo_) e->release();
}

void Ring::publish(const std::vector<Entry*>& entries, MonoTime now) {
    Seq head = head_.load(std::memory_order_relaxed);
    for (Entry* entry : entries) {
        assert(entry->seq == head + 1);
        while (entry->seq - first_.load(std::memory_order_relaxed) >= retention_.entries) evict_one();
        bytes_.fetch_add(entry->footprint(), std::memory_order_relaxed);
        slot(entry->seq).store(entry, std::memory_order_release);
        head = entry->seq;
        head_.store(head, std::memory_order_seq_cst);
        while (bytes_.load(std::memory_order_relaxed) > retention_.bytes &&
               first_.load(std::memory_order_relaxed) < head)
            evict_one();
    }
    evict(now);
}

void Ring::evict(MonoTime now) {
    while (first_.load(std::memory_order_relaxed) <= head_.load(std::memory_order_relaxed)) {
        const Entry* oldest = slot(first_.load(std::memory_order_relaxed)).load(std::memory_order_relaxed);
        if (now - oldest->appended <= retention_.age) break;
        evict_one();
    }
    free_limbo();
}

void Ring::evict_one() {
    const Seq first = first_.load(std::memory_order_relaxed);
    Entry* entry = slot(first).load(std::memory_order_relaxed);
    first_.store(first + 1, std::memory_order_seq_cst);
    bytes_.fetch_sub(entry->footprint(), std::memory_order_relaxed);
    limbo_.push_back(entry);
}

void Ring::free_limbo() {
    if (limbo_.empty()) return;
    Seq lowest = kIdle;
    for (const Pin& pin : pins_) {
        if (!pin.used.load(std::memory_order_acquire)) continue;
        lowest =
            std::min({lowest, pin.seq.load(std::memory_order_seq_cst), pin.read.load(std::memory_order_seq_cst) + 1});
    }
    while (!limbo_.empty() && limbo_.front()->seq < lowest) {
        limbo_.front()->release();
        limbo_.pop_front();
    }
}

std::size_t Ring::room(Seq appended) const {
    Seq slowest = appended;
    for (const Pin& pin : pins_)
        if (pin.used.load(std::memory_order_acquire))
            slowest = std::min(slowest, pin.read.load(std::memory_order_acquire));
    // Half the slots: what a reader has read and still pins must not be overwritten either.
    const Seq ahead = appended - slowest;
    return ahead >= mask_ / 2 ? 0 : mask_ / 2 - ahead;
}

Ring::Reader::Reader(Ring& ring) : ring_(ring), index_(0) {
    for (; index_ < kReadersMax; ++index_) {
        if (ring_.pins_[index_].used.load()) continue;
        ring_.pins_[index_].read.store(ring_.first() - 1);
        ring_.pins_[index_].used.store(true);
        return;
    }
    std::abort();  // more loops than kReadersMax is a programming error
}

Ring::Reader::~Reader() {
    unpin();
    ring_.pins_[index_].used.store(false, std::memory_order_release);
}

Seq Ring::Reader::pin() {
    auto& pin = ring_.pins_[index_].seq;
    for (;;) {
        const Seq first = ring_.first();
        pin.store(first, std::memory_order_seq_cst);
        if (ring_.first() == first) return first;
    }
}

Seq Ring::Reader::position() const { return ring_.pins_[index_].read.load(std::memory_order_relaxed); }

void Ring::Reader::advance_to(Seq position) { ring_.pins_[index_].read.store(position, std::memory_order_release); }

void Ring::Reader::unpin() { ring_.pins_[index_].seq.store(kIdle, std::memory_order_seq_cst); }

}  // namespace mythos::journal
