// The seam behind which a journal keeps its entries: memory, SQLite, a cluster.
//
// The sequencer (hub/hub.hpp) decides the order and calls `append` under its own
// mutex; a journal only makes entries visible in its Ring, at commit and in that
// order. Nothing is delivered or answered before its position is visible, so a
// crash takes back nothing that anyone saw.
//
// A checkpoint is the sequencer's state after a given append position: sessions,
// their subscription intervals (with the history that the retention still needs),
// presence and idempotency keys. A journal stores it in the order of the appends,
// so that it is never ahead of what is committed; after a restart it hands back
// the newest one and every committed record that it retains.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "journal/ring.hpp"

namespace mythos::journal {

// What a journal found when it was opened.
struct Recovered {
    std::optional<std::string> checkpoint;
    Seq checkpoint_at = 0;  // the append position that it stands for
    struct Kept {
        Seq seq;
        Record record;
    };
    std::vector<Kept> records;  // in order, without a hole, up to the head
};

class Journal {
public:
    virtual ~Journal() = default;

    // Random for each new history; ids of different epochs do not compare.
    virtual const std::string& epoch() const = 0;

    // The visible window. `ring().head()` is the committed head.
    virtual Ring& ring() = 0;

    // The position of the last append, committed or not. Caller holds the order.
    virtual Seq appended() const = 0;

    // Gives the drafts the next positions. They become visible at commit, in order.
    // Caller holds the order; not thread-safe by itself.
    virtual void append(std::vector<Draft> drafts, MonoTime now) = 0;

    // Stores `state`, which stands for the position `appended()`. Caller holds the order.
    virtual void checkpoint(std::string state) = 0;

    // How many appends may lie between two checkpoints; 0: none are wanted. At most the
    // retained entries, so that every key is in the checkpoint or in a retained record.
    virtual std::size_t checkpoint_every() const = 0;

    // What to restore at start; called once, before the first append.
    virtual Recovered recover() = 0;

    // Puts the recovered records, with their handles, into the window. Called once, after
    // `recover` and before the first append, with as many drafts as there were records.
    virtual void refill(std::vector<Draft> drafts, MonoTime now) = 0;

    // Called after each commit, from whichever thread committed; must not call back.
    // Set once, before the first append.
    virtual void on_commit(std::function<void()> wake) = 0;

    // Lets go of what has outlived the retention by age. Caller holds the order.
    virtual void evict(MonoTime now) = 0;
};

}  // namespace mythos::journal
