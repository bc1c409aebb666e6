// Where each target's entries are: one list of positions a target, kept by each loop
// for itself as it reads the journal, so that replay costs what is replayed.
//
// Positions are remembered for longer than the entries themselves, to count what a
// reader has missed. Not thread-safe: one loop's.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/intervals.hpp"
#include "journal/entry.hpp"

namespace mythos::hub {

struct SessionView;

// A session on this loop that holds an open interval of the target.
struct RouteSlot {
    SessionView* view = nullptr;
    std::uint32_t sub = 0;  // which of the view's subscriptions
};

struct Topic {
    TargetId id = 0;
    std::vector<RouteSlot> route;
    std::uint32_t refs = 0;  // intervals of views that refer to it
    bool forgotten = false;  // the sequencer has dropped the target
    Seq marked = 0;          // the batch in which its route was last marked

    bool empty() const { return start_ == positions_.size(); }
    Seq last() const { return empty() ? 0 : positions_.back(); }
    const Seq* begin() const { return positions_.data() + start_; }
    const Seq* end() const { return positions_.data() + positions_.size(); }
    // Entries so far.
    std::uint64_t total() const { return before_ + (positions_.size() - start_); }
    // Entries at or below `seq`; nothing where that is no longer remembered.
    std::optional<std::uint64_t> count_up_to(Seq seq) const;

    void push(Seq seq, std::uint64_t ordinal);
    void drop_below(Seq floor);

private:
    friend class Index;
    std::vector<Seq> positions_;
    std::size_t start_ = 0;
    std::uint64_t before_ = 0;  // entries before positions_[start_]
    Seq before_to_ = 0;         // the last of those; below it nothing can be counted
    std::unique_ptr<std::unordered_map<std::string, Seq>> newest_of_key_;  // made by the first key
};

class Index {
public:
    // `origin`: the position below the first entry that this loop will read.
    Index(Seq origin, std::size_t memory);

    // Takes note of a message; in order. Positions of entries from `first_retained` on are never forgotten.
    Topic& add(const journal::Entry& entry, Seq first_retained);
    // Keeps track of a message's conflation key; in order. Asked for only while slow readers are conflated.
    void link(const journal::Entry& entry);
    void unlink_all();
    // Forgets positions below `floor`, also of topics to which nothing is added.
    void drop_below(Seq floor);
    Topic& topic(TargetId target);
    void release(Topic& topic);  // one reference less
    void forget(TargetId target);
    Topic* find(TargetId target);
    const Topic* find(TargetId target) const;

    // The next linked entry with the same target and key, 0 for none.
    Seq later_of_same_key(Seq seq) const;
    // Lets go of what concerns entries below `first`.
    void forget_keys_below(Seq first);

    Seq origin() const { return origin_; }

private:
    void drop_if_unused(Topic& topic);

    Seq origin_;
    std::size_t memory_;
    std::unordered_map<TargetId, std::unique_ptr<Topic>> topics_;
    std::unordered_map<Seq, Seq> later_;
    struct Keyed {
        Seq seq;
        TargetId target;
        std::string key;
    };
    std::deque<Keyed> keyed_;
};

}  // namespace mythos::hub
