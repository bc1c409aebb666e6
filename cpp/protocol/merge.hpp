// Two streams of one journal in, one stream out: each owed entry once, in order, or
// the exact range that is missing (docs/reference/protocol.md).
//
// A wire's stream is complete from its base on. A wire *covers* while its base is at
// or below the applied cursor: what it brings is applied. A wire that begins further
// on is held, bounded, item by item in its own order (entries, gaps, positions), and
// drained as soon as the applied cursor reaches its base. A gap on a covering wire is
// told at once for the part above the applied cursor, unless the other wire covers too
// and may still bring it; either way the wire's base moves to just below `before`.
//
// Not thread-safe. Knows nothing of connections: the owner attaches and detaches wires.
// Outputs DeliverEntry and TellGap, in order.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.hpp"
#include "protocol/client_config.hpp"
#include "protocol/client_output.hpp"
#include "protocol/client_wires.hpp"
#include "protocol/server_message.hpp"

namespace mythos::protocol {

// Totals since construction.
struct MergeCounters {
    std::uint64_t delivered = 0;
    std::uint64_t duplicates = 0;  // entries dropped at or below the applied cursor
    std::uint64_t gaps_told = 0;
    std::uint64_t lost = 0;           // sum of the told gaps' `lost`, where known
    std::uint64_t other_epoch = 0;    // entries and positions dropped for their epoch
    std::uint64_t without_place = 0;  // entries dropped on a wire that has no base (standby, before its gap)
    std::uint64_t holds_dropped = 0;  // how often a hold exceeded its bound
};

// Where a wire's stream stands.
enum class Place : std::uint8_t {
    none,          // not attached, or a standby: carries no entries
    awaiting_gap,  // its welcome's cursor is of another epoch; the gap that follows sets the base
    based,         // complete from the base on
    overflowed,    // its hold exceeded the bound and was dropped: needs a rewind
};

class Merge {
public:
    Merge(const ClientConfig& config, Outputs& outputs);

    // The epoch of the newest welcome. A change detaches both wires.
    void set_epoch(std::string_view epoch);

    // The stream of `wire` goes on after `from`, a welcome's or a promotion's cursor.
    // The first one of a client without a cursor is where the application's stream starts.
    enum class By : std::uint8_t { welcome, promoted };
    void attach(Wire wire, const Cursor& from, By by);
    void detach(Wire wire);

    void entry(Wire wire, EntryMessage&& head, std::string_view json);
    void gap(Wire wire, const GapMessage& gap);
    void complete_up_to(Wire wire, const Cursor& position);

    // Starts the application's stream at `from`, if nothing has started it yet.
    void start_at(const Cursor& from);

    const std::optional<Cursor>& applied() const { return applied_; }
    // The applied position, if it is one of the current epoch.
    std::optional<Seq> applied_seq() const;
    const std::string& epoch() const { return epoch_; }
    Place place(Wire wire) const { return streams_[index_of(wire)].place; }
    bool covers(Wire wire) const;
    std::size_t held_entries(Wire wire) const { return streams_[index_of(wire)].held_entries; }
    // The highest id received on any wire in this epoch, applied or not.
    Seq seen() const { return seen_; }
    const MergeCounters& counters() const { return counters_; }

private:
    struct HeldEntry {
        EntryMessage head;
        std::string json;
    };
    struct HeldPosition {
        Seq seq;
    };
    using HeldItem = std::variant<HeldEntry, GapMessage, HeldPosition>;

    struct Stream {
        Place place = Place::none;
        Seq base = 0;
        std::deque<HeldItem> held;
        std::size_t held_entries = 0;  // items, in truth: gaps and positions cost as well
        std::size_t held_bytes = 0;
        bool holds() const { return !held.empty(); }
    };

    Stream& stream(Wire wire) { return streams_[index_of(wire)]; }
    bool in_epoch(const Cursor& cursor) const { return cursor.epoch == epoch_; }
    bool passes(Wire wire);
    void hold(Wire wire, HeldItem item, std::size_t bytes);
    void clear_hold(Stream& s);
    void apply_entry(Wire wire, EntryMessage&& head, std::string_view json);
    void apply_gap(Wire wire, const GapMessage& gap);
    void tell_gap(const GapMessage& gap, std::optional<Seq> applied);
    void advance(Seq seq);
    void drain();
    bool drain_one(Wire wire);

    const ClientConfig& config_;
    Outputs& outputs_;
    std::string epoch_;
    std::optional<Cursor> applied_;
    std::array<Stream, 2> streams_;
    Seq seen_ = 0;
    MergeCounters counters_;
};

}  // namespace mythos::protocol
