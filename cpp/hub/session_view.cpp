#include "hub/session_view.hpp"

#include <algorithm>

#include "hub/mutants.hpp"

namespace mythos::hub {

std::optional<std::uint64_t> SessionView::owed_up_to(Seq seq) const {
    if (seq < forgotten_to) return std::nullopt;
    std::uint64_t owed = forgotten_owed;
    for (const Sub& sub : subs) {
        const Interval& i = sub.interval;
        if (i.from >= seq) continue;
        if (!i.open() && i.to <= seq) {
            owed += i.to_ordinal - i.from_ordinal;
            continue;
        }
        const auto count = sub.topic->count_up_to(seq);
        if (!count) return std::nullopt;
        owed += *count - std::min(*count, i.from_ordinal);
    }
    return owed;
}

namespace {

void leave_route(Sub& sub) {
    auto& route = sub.topic->route;
    RouteSlot& moved = route.back();
    moved.view->subs[moved.sub].slot = sub.slot;
    route[sub.slot] = moved;
    route.pop_back();
}

// Takes subscription `at` out of the list; the last one moves to its place.
void erase_sub(SessionView& view, Index& index, std::size_t at) {
    Topic& topic = *view.subs[at].topic;
    if (at + 1 != view.subs.size()) {
        view.subs[at] = view.subs.back();
        Sub& moved = view.subs[at];
        if (moved.interval.open()) moved.topic->route[moved.slot].sub = static_cast<std::uint32_t>(at);
    }
    view.subs.pop_back();
    index.release(topic);
}

}  // namespace

void open_sub(SessionView& view, Index& index, const Interval& interval) {
    // One more at a time: most sessions hold three or four, and idle memory counts.
    if (view.subs.size() == view.subs.capacity() && view.subs.size() < 8) view.subs.reserve(view.subs.size() + 1);
    Sub sub;
    sub.interval = interval;
    if (mutant(Mutant::interval_off_by_one_at_subscribe)) ++sub.interval.from;
    sub.topic = &index.topic(interval.target);
    ++sub.topic->refs;
    if (interval.open()) {
        sub.slot = static_cast<std::uint32_t>(sub.topic->route.size());
        sub.topic->route.push_back({&view, static_cast<std::uint32_t>(view.subs.size())});
    }
    view.subs.push_back(sub);
}

void close_sub(SessionView& view, TargetId target, Seq to, std::uint64_t to_ordinal) {
    for (Sub& sub : view.subs) {
        if (sub.interval.target != target || !sub.interval.open()) continue;
        leave_route(sub);
        sub.interval.to = mutant(Mutant::interval_off_by_one_at_unsubscribe) ? to - 1 : to;
        sub.interval.to_ordinal = to_ordinal;
        return;
    }
}

void end_view(SessionView& view, Seq to) {
    for (Sub& sub : view.subs) {
        if (!sub.interval.open()) continue;
        leave_route(sub);
        sub.interval.to = to;
        sub.interval.to_ordinal = sub.topic->total();
    }
    view.ended = to;
}

void fill_view(SessionView& view, Index& index, const Intervals& intervals, Seq at) {
    view.applied = at;
    view.forgotten_owed = intervals.forgotten_owed;
    view.forgotten_to = intervals.forgotten_to;
    view.subs.reserve(intervals.list.size());
    for (const Interval& i : intervals.list) open_sub(view, index, i);
}

void trim_view(SessionView& view, Index& index, Seq floor) {
    for (std::size_t i = view.subs.size(); i-- > 0;) {
        const Interval& interval = view.subs[i].interval;
        if (interval.open() || interval.to > floor) continue;
        view.forgotten_owed += interval.to_ordinal - interval.from_ordinal;
        view.forgotten_to = std::max(view.forgotten_to, interval.to);
        erase_sub(view, index, i);
    }
}

void drop_view(SessionView& view, Index& index) {
    for (Sub& sub : view.subs)
        if (sub.interval.open()) leave_route(sub);
    for (Sub& sub : view.subs) index.release(*sub.topic);
    view.subs.clear();
}

OwedRange::OwedRange(const SessionView& view, Seq after, Seq up_to) {
    for (const Sub& sub : view.subs) {
        const bool today = mutant(Mutant::route_by_todays_subscriptions);
        if (today && !sub.interval.open()) continue;
        const Seq low = today ? after : std::max(after, sub.interval.from);
        const Seq high = std::min(up_to, sub.interval.to - 1);
        if (low >= high)
            continue;  // closed long ago: of these there may be thousands, so their topics are not looked at
        const Topic& topic = *sub.topic;
        if (topic.last() <= low) continue;
        // Readers are mostly near the end of a list: look there first, in growing steps.
        const Seq* const begin = topic.begin();
        const Seq* from = topic.end() - 1;
        for (std::ptrdiff_t step = 1; from > begin && *from > low; step *= 2) from -= std::min(step, from - begin);
        const Seq* at = std::upper_bound(from, topic.end(), low);
        const Seq* end = topic.last() <= high ? topic.end() : std::upper_bound(at, topic.end(), high);
        if (at != end) add({at, end});
    }
}

void OwedRange::add(Run run) {
    if (count_ < kInline) {
        few_[count_] = run;
    } else {
        if (many_.empty()) many_.assign(few_, few_ + count_);
        many_.push_back(run);
    }
    ++count_;
}

Seq OwedRange::next() {
    if (count_ == 0) return 0;
    Run* const runs = begin();
    std::size_t best = 0;
    for (std::size_t i = 1; i < count_; ++i)
        if (*runs[i].at < *runs[best].at) best = i;
    const Seq seq = *runs[best].at++;
    if (runs[best].at == runs[best].end) {
        runs[best] = runs[count_ - 1];
        --count_;
    }
    return seq;
}

}  // namespace mythos::hub
