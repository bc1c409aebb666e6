#include "protocol/merge.hpp"

#include <algorithm>
#include <utility>

namespace mythos::protocol {

Merge::Merge(const ClientConfig& config, Outputs& outputs)
    : config_(config), outputs_(outputs), applied_(config.cursor) {}

std::optional<Seq> Merge::applied_seq() const {
    if (!applied_ || applied_->epoch != epoch_) return std::nullopt;
    return applied_->seq;
}

bool Merge::covers(Wire wire) const {
    const Stream& s = streams_[index_of(wire)];
    const auto applied = applied_seq();
    return s.place == Place::based && applied && s.base <= *applied;
}

void Merge::set_epoch(std::string_view epoch) {
    if (epoch_ == epoch) return;
    epoch_ = epoch;
    seen_ = 0;
    for (Wire wire : kClientWires) detach(wire);
}

void Merge::start_at(const Cursor& from) {
    if (!applied_ && in_epoch(from)) applied_ = from;
}

void Merge::attach(Wire wire, const Cursor& from, By by) {
    detach(wire);
    Stream& s = stream(wire);
    if (!in_epoch(from)) {
        s.place = Place::awaiting_gap;
        return;
    }
    start_at(from);
    s.place = Place::based;
    s.base = from.seq;
    const ClientFaults& f = config_.faults;
    const bool believes = by == By::promoted ? f.promote_from_seen : f.connect_from_seen || f.connect_without_cursor;
    if (believes && applied_seq()) s.base = std::min(s.base, *applied_seq());
    if (!in_epoch(*applied_)) {
        // A new epoch without the gap that announces it: told here, never in silence.
        tell_gap({std::nullopt, {epoch_, from.seq + 1}, std::nullopt, std::nullopt, "epoch_changed"}, std::nullopt);
    }
    drain();
}

void Merge::detach(Wire wire) {
    Stream& s = stream(wire);
    s.place = Place::none;
    s.base = 0;
    clear_hold(s);
}

// Whether what this wire brings is applied right now, and not held or dropped.
bool Merge::passes(Wire wire) {
    const Stream& s = stream(wire);
    if (config_.faults.ignore_base && s.place == Place::based) return true;
    return covers(wire) && !s.holds();
}

void Merge::entry(Wire wire, EntryMessage&& head, std::string_view json) {
    Stream& s = stream(wire);
    if (!in_epoch(head.id)) {
        ++counters_.other_epoch;
        if (config_.faults.keep_other_epoch) apply_entry(wire, std::move(head), json);
        return;
    }
    seen_ = std::max(seen_, head.id.seq);
    if (passes(wire)) {
        apply_entry(wire, std::move(head), json);
        drain();
    } else if (s.place == Place::based) {
        hold(wire, HeldEntry{std::move(head), std::string(json)}, json.size());
    } else {
        ++counters_.without_place;
    }
}

void Merge::gap(Wire wire, const GapMessage& gap) {
    Stream& s = stream(wire);
    if (!in_epoch(gap.before)) {
        ++counters_.other_epoch;
        return;
    }
    seen_ = std::max(seen_, gap.before.seq - 1);
    if (s.place == Place::awaiting_gap || passes(wire)) {
        apply_gap(wire, gap);
        drain();
    } else if (s.place == Place::based) {
        hold(wire, gap, 0);
    }
}

void Merge::complete_up_to(Wire wire, const Cursor& position) {
    Stream& s = stream(wire);
    if (!in_epoch(position)) {
        ++counters_.other_epoch;
        return;
    }
    const bool passing = passes(wire) || (config_.faults.heartbeat_ignores_base && applied_seq());
    if (passing) {
        advance(position.seq);
        drain();
    } else if (s.place == Place::based && position.seq > s.base) {
        hold(wire, HeldPosition{position.seq}, 0);
    }
}

void Merge::hold(Wire wire, HeldItem item, std::size_t bytes) {
    Stream& s = stream(wire);
    const bool is_position = std::holds_alternative<HeldPosition>(item);
    if (is_position && s.holds() && std::holds_alternative<HeldPosition>(s.held.back())) {
        s.held.back() = std::move(item);
        return;
    }
    if (config_.faults.drop_held && std::holds_alternative<HeldEntry>(item)) return;
    if (s.held_entries + 1 > config_.held_entries_max || s.held_bytes + bytes > config_.held_bytes_max) {
        // Not even partly useful: without its beginning the hold proves nothing.
        clear_hold(s);
        s.place = Place::overflowed;
        ++counters_.holds_dropped;
        return;
    }
    s.held.push_back(std::move(item));
    ++s.held_entries;
    s.held_bytes += bytes;
}

void Merge::clear_hold(Stream& s) {
    s.held.clear();
    s.held_entries = 0;
    s.held_bytes = 0;
}

void Merge::apply_entry(Wire wire, EntryMessage&& head, std::string_view json) {
    if (applied_ && in_epoch(*applied_) && head.id.seq <= applied_->seq && in_epoch(head.id)) {
        ++counters_.duplicates;
        if (!config_.faults.no_dedup) return;
    }
    ++counters_.delivered;
    if (in_epoch(head.id)) advance(head.id.seq);
    outputs_.push_back(DeliverEntry{wire, std::move(head.id), std::move(head.type), std::string(json)});
}

void Merge::apply_gap(Wire wire, const GapMessage& gap) {
    Stream& s = stream(wire);
    const auto applied = applied_seq();
    const bool covered = covers(other_wire(wire)) && !config_.faults.gap_told_though_covered;
    // `after` null where the position was of this epoch: it lay in the journal's future,
    // and the stream goes on below it.
    const bool rewound = !gap.after && applied && covers(wire) && !covered;
    const bool unknown_start = !applied || rewound;
    const bool was_covering = covers(wire) || config_.faults.ignore_base;
    if (!config_.faults.gap_keeps_base || s.place != Place::based) s.base = gap.before.seq - 1;
    s.place = Place::based;
    if (unknown_start) {
        tell_gap({std::nullopt, gap.before, gap.lost, gap.at_most, gap.reason}, std::nullopt);
    } else if (was_covering && !covered && gap.before.seq > *applied + 1) {
        tell_gap(gap, applied);
    }
}

// With `applied`: the part above it. Without: the whole, and the stream begins anew.
void Merge::tell_gap(const GapMessage& gap, std::optional<Seq> applied) {
    TellGap told{gap.after, gap.before, gap.lost, gap.at_most, gap.reason};
    if (applied) {
        const bool whole = gap.after && in_epoch(*gap.after) && gap.after->seq >= *applied;
        if (!whole) {
            // How many of the lost ones lie in the part that the other wire has
            // brought is not known, except that none is none.
            if (told.lost != 0u) told.lost.reset();
            told.after = Cursor{epoch_, *applied};
            told.at_most = gap.before.seq - *applied - 1;
        }
    }
    applied_ = Cursor{epoch_, gap.before.seq - 1};
    if (config_.faults.gap_not_told) return;
    ++counters_.gaps_told;
    counters_.lost += told.lost.value_or(0);
    outputs_.push_back(std::move(told));
}

void Merge::advance(Seq seq) {
    if (!applied_ || !in_epoch(*applied_)) applied_ = Cursor{epoch_, seq};
    if (seq > applied_->seq) applied_->seq = seq;
}

// What is applied from one wire may bring the cursor to where the other begins.
void Merge::drain() {
    bool moved = true;
    while (moved) {
        moved = false;
        for (Wire wire : kClientWires) {
            while (drain_one(wire)) moved = true;
        }
    }
}

bool Merge::drain_one(Wire wire) {
    Stream& s = stream(wire);
    if (!s.holds() || !covers(wire)) return false;
    HeldItem item = std::move(s.held.front());
    s.held.pop_front();
    --s.held_entries;
    if (auto* held = std::get_if<HeldEntry>(&item)) {
        s.held_bytes -= held->json.size();
        apply_entry(wire, std::move(held->head), held->json);
    } else if (auto* gap = std::get_if<GapMessage>(&item)) {
        apply_gap(wire, *gap);
    } else {
        advance(std::get<HeldPosition>(item).seq);
    }
    return true;
}

}  // namespace mythos::protocol
