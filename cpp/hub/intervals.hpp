// What a session is owed: positions between subscribing and unsubscribing.
//
// An entry at position s with target t is owed to a session that holds an interval
// of t with from < s < to. The numbers of entries of the target up to both ends are
// kept with it (`*_ordinal`), so that entries owed are counted by subtraction, also
// those that have long left the retention. Plain data; no thread-safety of its own.
#pragma once

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "journal/entry.hpp"

namespace mythos::hub {

using journal::SessionHandle;
using journal::TargetId;

inline constexpr Seq kStillOpen = std::numeric_limits<Seq>::max();

struct Interval {
    TargetId target = 0;
    Seq from = 0;
    Seq to = kStillOpen;
    std::uint64_t from_ordinal = 0;  // entries of the target at or below `from`
    std::uint64_t to_ordinal = 0;    // entries of the target below `to`; set when closed

    bool open() const { return to == kStillOpen; }
    bool owes(Seq seq) const { return from < seq && seq < to; }
};

// A session's intervals: those that may still matter, and a sum of the forgotten ones.
struct Intervals {
    std::vector<Interval> list;
    std::uint64_t forgotten_owed = 0;  // entries of closed intervals that were dropped from the list
    Seq forgotten_to = 0;              // the newest end among them: below it nothing can be counted

    const Interval* find_open(TargetId target) const {
        for (const auto& i : list)
            if (i.target == target && i.open()) return &i;
        return nullptr;
    }
    Interval* find_open(TargetId target) { return const_cast<Interval*>(std::as_const(*this).find_open(target)); }

    // Forgets intervals that ended at or below `floor`.
    void forget_below(Seq floor) {
        std::erase_if(list, [&](const Interval& i) {
            if (i.open() || i.to > floor) return false;
            forgotten_owed += i.to_ordinal - i.from_ordinal;
            forgotten_to = std::max(forgotten_to, i.to);
            return true;
        });
    }
};

}  // namespace mythos::hub
