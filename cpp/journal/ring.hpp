// The retained window of the journal in memory, read without a lock.
//
// One writer at a time (the sequencer, under its mutex, or a durable journal's
// commit thread) publishes entries and evicts old ones; any number of readers
// read forward. A reader sees every entry once, in order, however short the
// retention: what it has not read yet is not freed, and the writer refuses to run
// further ahead of the slowest reader than there are slots (`room`). For the length
// of a turn it also pins the window: retained entries at or above its pin stay
// valid until it unpins. Evicted entries wait in limbo until no reader needs them.
//
// Ordering: `head()` is published with release after its entries; a reader that
// has seen a head sees all entries up to it. Pin and first use sequentially
// consistent operations, so either the reader sees the newer first or the writer
// sees the pin.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "journal/entry.hpp"

namespace mythos::journal {

// How much is kept: whichever bound is met first evicts the oldest.
struct Retention {
    std::size_t entries = 131'072;
    std::size_t bytes = std::size_t{64} << 20;
    Duration age = seconds(300);
};

class Ring {
public:
    // A batch must fit, whatever the retention.
    static constexpr std::size_t kMinSlots = 32'768;

    explicit Ring(Retention retention, Seq first = 1);
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    // Writer: takes over one reference to each entry, which must follow `head()`
    // without a hole, and evicts what the retention no longer covers.
    void publish(const std::vector<Entry*>& entries, MonoTime now);

    // Writer: evicts by age; call now and then when nothing is published.
    void evict(MonoTime now);

    // Writer: how many entries may be appended behind `appended` before the slowest
    // reader must catch up. 0: refuse, the server is overloaded.
    std::size_t room(Seq appended) const;

    // Any thread. The newest visible position, and the oldest retained one
    // (`head() + 1` when nothing is retained).
    Seq head() const { return head_.load(std::memory_order_seq_cst); }
    Seq first() const { return first_.load(std::memory_order_seq_cst); }
    std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

    // A reader's slot: how far it has read, and what it has pinned. One thread's.
    class Reader {
    public:
        // Begins below the oldest retained entry. Made before the first publish, or under
        // the writer's order.
        explicit Reader(Ring& ring);
        ~Reader();
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;

        // The oldest position that may be read until `unpin`.
        Seq pin();
        void unpin();

        // Everything up to here was read; what lies above stays valid for this reader.
        Seq position() const;
        void advance_to(Seq position);

        // Precondition: seq is above `position()`, or pinned; and not above a head seen.
        const Entry& at(Seq seq) const { return *ring_.slot(seq).load(std::memory_order_acquire); }

    private:
        Ring& ring_;
        std::size_t index_;
    };

private:
    static constexpr Seq kIdle = ~Seq{0};
    std::atomic<Entry*>& slot(Seq seq) { return slots_[seq & mask_]; }
    void evict_one();
    void free_limbo();

    Retention retention_;
    Seq mask_;
    std::unique_ptr<std::atomic<Entry*>[]> slots_;
    std::atomic<Seq> head_;
    std::atomic<Seq> first_;
    std::atomic<std::size_t> bytes_{0};
    std::deque<Entry*> limbo_;
    struct alignas(64) Pin {
        std::atomic<Seq> seq{kIdle};
        std::atomic<Seq> read{kIdle};  // position read up to
        std::atomic<bool> used{false};
    };
    std::array<Pin, kReadersMax> pins_;
};

}  // namespace mythos::journal
