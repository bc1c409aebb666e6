// The last events of one connection, with their times, in few bytes: what is asked for after it went wrong.
//
// An event is a byte for its kind, the milliseconds since the event before, and its values, 7 bits a byte. Events that
// repeat are one record with a count and the time that they took: life signs between two other events are one, however
// many they are. The oldest go first when kEventBytesMax is full. Idle, it is one block of 64 bytes, of
// 80 from the first life sign on.
//
// Not thread-safe: its loop's, until it is given away. Times are right to a millisecond for 49 days.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace mythos::hub {

class BlackBox {
public:
    static constexpr std::size_t kEventBytesMax = 256;

    enum class Event : std::uint8_t {
        opened,        // start, standby, subscriptions
        replayed,      // entries
        subscribed,    // target
        unsubscribed,  // target
        slow,          // times, whether it has drained: the socket took no more
        signs,         // pings, last and longest round trip in us, acks, last acknowledged position
        promoted,      // cursor
        demoted,
        gap,        // before, lost + 1 or 0 where that is not known
        unhealthy,  // causes
        healthy,
        closing,  // code; 1006: the socket ended by itself
    };

    // One event as it is read: `values` as listed above; those that repeat took from `at` to `until`.
    struct Reading {
        Event event;
        Duration at, until;  // since the opening
        std::span<const std::uint64_t> values;
    };

    // Before the opening; nothing may be noted.
    BlackBox() = default;
    // `opened_at`: the same moment as it is stored and told.
    explicit BlackBox(MonoTime opened, WallTime opened_at = {});
    BlackBox(const BlackBox& other);
    BlackBox(BlackBox&&) = default;
    BlackBox& operator=(BlackBox&&) = default;

    MonoTime opened() const;
    WallTime opened_at() const;
    // Events that had to go.
    std::uint32_t forgotten() const;

    // Allocates where there is no room yet.
    void note(Event event, MonoTime now, std::initializer_list<std::uint64_t> values = {});
    // For the delivery path: what has no room takes that of the oldest, and allocates only where the whole block is too
    // small. `reserve` now and then, elsewhere.
    void note_in_place(Event event, MonoTime now, std::initializer_list<std::uint64_t> values = {});
    void reserve();

    // The socket is full, or has room again.
    void blocked(MonoTime now);
    void drained(MonoTime now);
    void ping(MonoTime now, std::uint64_t rtt_us);
    void acknowledged(MonoTime now, std::uint64_t position);

    // Oldest first.
    template <class Visit>
    void each(Visit&& visit) const {
        Cursor at = begin();
        while (const auto reading = at.next()) visit(*reading);
    }

    std::size_t memory_bytes() const;

    static std::string_view name_of(Event event);

private:
    struct Header;
    struct Record;
    static constexpr std::size_t kValuesMax = 6;

    struct Cursor {
        const std::uint8_t* at;
        const std::uint8_t* end;
        std::int64_t time_ms;
        std::uint64_t values[kValuesMax];
        std::optional<Reading> next();
    };

    Header& header() const;
    std::uint8_t* events() const;
    Cursor begin() const;
    std::uint32_t since_opening(MonoTime now) const;
    bool ends_with(Event event) const;
    Record last() const;
    void write(const Record& record, bool may_grow);
    void write_last(const Record& record, bool may_grow);
    void add(Event event, MonoTime now, std::span<const std::uint64_t> values, bool may_grow);
    void coalesce(Record record, MonoTime now, bool may_grow);
    void make_room(std::size_t bytes, bool may_grow);
    void resize(std::size_t capacity);
    void drop_oldest();

    std::unique_ptr<std::uint8_t[]> block_;  // a Header, and the events
};

}  // namespace mythos::hub
