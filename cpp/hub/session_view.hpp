// What one loop knows of a session that has connections on it: its intervals, as of
// the position that the loop has read up to, and which entries they make it owe.
//
// Not thread-safe: one loop's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hub/index.hpp"
#include "protocol/wire.hpp"

namespace mythos::hub {

struct Stream;

// An interval with the topic that it is of; open ones stand in the topic's route.
struct Sub {
    Interval interval;
    Topic* topic = nullptr;
    std::uint32_t slot = 0;
};

struct SessionView {
    Seq opened_seq = 0;
    Seq applied = 0;  // control entries up to here are in `subs` already
    Seq ended = 0;    // position of the session's end; 0 while it lives
    std::vector<Sub> subs;
    std::uint64_t forgotten_owed = 0;
    Seq forgotten_to = 0;
    Stream* streams = nullptr;  // linked by `next_of_view`
    std::uint32_t users = 0;    // connections of it on this loop, also those whose welcome waits for a commit
    bool replaced = false;      // ended by a newer session

    // Entries owed at or below `seq`; nothing where that is no longer remembered.
    std::optional<std::uint64_t> owed_up_to(Seq seq) const;
};

// Keeps a view's subscriptions and the topics' routes in step.
void fill_view(SessionView& view, Index& index, const Intervals& intervals, Seq at);
void open_sub(SessionView& view, Index& index, const Interval& interval);
void close_sub(SessionView& view, TargetId target, Seq to, std::uint64_t to_ordinal);
void end_view(SessionView& view, Seq to);
// Forgets closed subscriptions that ended at or below `floor`.
void trim_view(SessionView& view, Index& index, Seq floor);
void drop_view(SessionView& view, Index& index);

// The positions owed to a session in (after, up_to], in order: its topics' lists, merged.
class OwedRange {
public:
    OwedRange(const SessionView& view, Seq after, Seq up_to);
    // 0 when there are no more.
    Seq next();

private:
    struct Run {
        const Seq* at;
        const Seq* end;
    };
    static constexpr std::size_t kInline = 8;
    Run* begin() { return many_.empty() ? few_ : many_.data(); }
    void add(Run run);

    Run few_[kInline];
    std::vector<Run> many_;
    std::size_t count_ = 0;
};

}  // namespace mythos::hub
