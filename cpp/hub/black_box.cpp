#include "hub/black_box.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>

#include "stats/recording.hpp"

namespace mythos::hub {

using Event = BlackBox::Event;

struct BlackBox::Header {
    std::int64_t opened_ns, opened_at_ns;
    std::uint32_t base_ms;  // the first record's time is counted from here
    std::uint32_t last_ms;  // when the last record ended
    std::uint16_t used, capacity;
    std::uint16_t last;  // where the last record begins; `used` where there is none
    std::uint16_t forgotten;
};

// A record before it is written, or after it was read.
struct BlackBox::Record {
    Event event;
    std::uint32_t since_ms;  // of the opening
    std::uint32_t span_ms;   // of those that repeat
    std::array<std::uint64_t, kValuesMax> values;
};

namespace {

struct Shape {
    std::string_view name;
    std::uint8_t values;
    bool repeats;  // its first number is how long it took
};
constexpr std::array<Shape, 12> kShapes{{{"opened", 3, false},
                                         {"replayed", 1, false},
                                         {"subscribed", 1, false},
                                         {"unsubscribed", 1, false},
                                         {"slow", 2, true},
                                         {"life_signs", 5, true},
                                         {"promoted", 1, false},
                                         {"demoted", 0, false},
                                         {"gap", 2, false},
                                         {"unhealthy", 1, false},
                                         {"healthy", 0, false},
                                         {"closing", 1, false}}};
const Shape& shape_of(Event event) { return kShapes[static_cast<std::size_t>(event)]; }

// A kind, and at most seven numbers of ten bytes each.
constexpr std::size_t kRecordBytesMax = 1 + 10 * 7;
// With the header, and what malloc adds: blocks of 64 (opened, subscribed), 80 (and life signs), 112, 192 and 304
// bytes.
constexpr std::array<std::size_t, 5> kCapacities{24, 40, 72, 152, BlackBox::kEventBytesMax};

std::size_t put(std::uint8_t* out, std::uint64_t number) {
    std::size_t n = 0;
    for (; number >= 0x80; number >>= 7) out[n++] = static_cast<std::uint8_t>(number | 0x80);
    out[n++] = static_cast<std::uint8_t>(number);
    return n;
}

std::uint64_t take(const std::uint8_t*& at) {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
        const std::uint8_t byte = *at++;
        number |= std::uint64_t{byte & 0x7FU} << shift;
        if (byte < 0x80) return number;
    }
}

}  // namespace

std::string_view BlackBox::name_of(Event event) { return shape_of(event).name; }

BlackBox::BlackBox(MonoTime opened, WallTime opened_at) : block_(new std::uint8_t[sizeof(Header) + kCapacities[0]]) {
    header() = {opened.ns, opened_at.ns, 0, 0, 0, static_cast<std::uint16_t>(kCapacities[0]), 0, 0};
}

BlackBox::BlackBox(const BlackBox& other) : block_(new std::uint8_t[sizeof(Header) + other.header().capacity]) {
    std::memcpy(block_.get(), other.block_.get(), sizeof(Header) + other.header().used);
}

BlackBox::Header& BlackBox::header() const { return *reinterpret_cast<Header*>(block_.get()); }
std::uint8_t* BlackBox::events() const { return block_.get() + sizeof(Header); }
MonoTime BlackBox::opened() const { return {header().opened_ns}; }
WallTime BlackBox::opened_at() const { return {header().opened_at_ns}; }
std::uint32_t BlackBox::forgotten() const { return header().forgotten; }
std::size_t BlackBox::memory_bytes() const { return sizeof(Header) + header().capacity; }

std::uint32_t BlackBox::since_opening(MonoTime now) const {
    const std::int64_t ms = (now - opened()).ms();
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(ms, header().last_ms, std::numeric_limits<std::uint32_t>::max()));
}

BlackBox::Cursor BlackBox::begin() const { return {events(), events() + header().used, header().base_ms, {}}; }

std::optional<BlackBox::Reading> BlackBox::Cursor::next() {
    if (at == end) return std::nullopt;
    const auto event = static_cast<Event>(*at++);
    const Shape& shape = shape_of(event);
    time_ms += static_cast<std::int64_t>(take(at));
    Reading reading{event, milliseconds(time_ms), {}, {values, shape.values}};
    if (shape.repeats) time_ms += static_cast<std::int64_t>(take(at));
    reading.until = milliseconds(time_ms);
    for (std::size_t i = 0; i < shape.values; ++i) values[i] = take(at);
    return reading;
}

// Precondition: there is one, which repeats.
BlackBox::Record BlackBox::last() const {
    const Header& h = header();
    const std::uint8_t* at = events() + h.last;
    Record record{static_cast<Event>(*at++), 0, 0, {}};
    take(at);
    record.span_ms = static_cast<std::uint32_t>(take(at));
    record.since_ms = h.last_ms - record.span_ms;
    for (std::size_t i = 0; i < shape_of(record.event).values; ++i) record.values[i] = take(at);
    return record;
}

void BlackBox::note(Event event, MonoTime now, std::initializer_list<std::uint64_t> values) {
    add(event, now, {values.begin(), values.size()}, true);
}

void BlackBox::note_in_place(Event event, MonoTime now, std::initializer_list<std::uint64_t> values) {
    add(event, now, {values.begin(), values.size()}, false);
}

void BlackBox::add(Event event, MonoTime now, std::span<const std::uint64_t> values, bool may_grow) {
    assert(values.size() == shape_of(event).values);
    if (!stats::kRecording) return;
    Record record{event, since_opening(now), 0, {}};
    std::copy(values.begin(), values.end(), record.values.begin());
    write(record, may_grow);
}

void BlackBox::write(const Record& record, bool may_grow) {
    std::uint8_t bytes[kRecordBytesMax];
    const Shape& shape = shape_of(record.event);
    std::size_t size = 0;
    bytes[size++] = static_cast<std::uint8_t>(record.event);
    size += put(bytes + size, record.since_ms - header().last_ms);
    if (shape.repeats) size += put(bytes + size, record.span_ms);
    for (std::size_t i = 0; i < shape.values; ++i) size += put(bytes + size, record.values[i]);
    make_room(size, may_grow);
    // Where all had to go for it, its time is counted from the base, which is the last one's end.
    Header& h = header();
    std::memcpy(events() + h.used, bytes, size);
    h.last = h.used;
    h.used = static_cast<std::uint16_t>(h.used + size);
    h.last_ms = record.since_ms + record.span_ms;
}

bool BlackBox::ends_with(Event event) const {
    const Header& h = header();
    return h.used != h.last && events()[h.last] == static_cast<std::uint8_t>(event);
}

// In the place of the last record.
void BlackBox::write_last(const Record& record, bool may_grow) {
    Header& h = header();
    const std::uint8_t* at = events() + h.last + 1;
    h.last_ms = record.since_ms - static_cast<std::uint32_t>(take(at));  // when the one before it ended
    h.used = h.last;
    write(record, may_grow);
}

void BlackBox::coalesce(Record record, MonoTime now, bool may_grow) {
    record.span_ms = since_opening(now) - record.since_ms;
    write_last(record, may_grow);
}

void BlackBox::make_room(std::size_t bytes, bool may_grow) {
    const auto fits = [&] { return header().used + bytes <= header().capacity; };
    const auto grows = [&] { return may_grow || bytes > header().capacity; };
    for (const std::size_t capacity : kCapacities)
        if (!fits() && grows() && capacity > header().capacity) resize(capacity);
    while (!fits()) drop_oldest();
}

void BlackBox::resize(std::size_t capacity) {
    std::unique_ptr<std::uint8_t[]> bigger(new std::uint8_t[sizeof(Header) + capacity]);
    std::memcpy(bigger.get(), block_.get(), sizeof(Header) + header().used);
    block_ = std::move(bigger);
    header().capacity = static_cast<std::uint16_t>(capacity);
}

void BlackBox::reserve() {
    constexpr std::size_t kSpare = 12;  // what a connection that is idle leaves of its first block
    const Header& h = header();
    if (h.used + kSpare <= h.capacity) return;
    const auto next = std::upper_bound(kCapacities.begin(), kCapacities.end(), h.capacity);
    if (next != kCapacities.end()) resize(*next);
}

void BlackBox::drop_oldest() {
    Header& h = header();
    Cursor at = begin();
    at.next();
    const auto gone = static_cast<std::uint16_t>(at.at - events());
    std::memmove(events(), events() + gone, h.used - gone);
    h.used = static_cast<std::uint16_t>(h.used - gone);
    h.last = static_cast<std::uint16_t>(h.last - std::min(h.last, gone));
    h.base_ms = static_cast<std::uint32_t>(at.time_ms);
    if (h.forgotten < std::numeric_limits<std::uint16_t>::max()) ++h.forgotten;
}

namespace {

constexpr std::size_t kTimes = 0, kDrained = 1;
constexpr std::size_t kPings = 0, kRtt = 1, kLongestRtt = 2, kAcks = 3, kAcked = 4;

}  // namespace

void BlackBox::blocked(MonoTime now) {
    if (!ends_with(Event::slow)) return note_in_place(Event::slow, now, {1, 0});
    Record record = last();
    ++record.values[kTimes];
    record.values[kDrained] = 0;
    coalesce(record, now, false);
}

void BlackBox::drained(MonoTime now) {
    if (!ends_with(Event::slow)) return note_in_place(Event::slow, now, {0, 1});
    Record record = last();
    record.values[kDrained] = 1;
    coalesce(record, now, false);
}

void BlackBox::ping(MonoTime now, std::uint64_t rtt_us) {
    if (!ends_with(Event::signs)) return note(Event::signs, now, {1, rtt_us, rtt_us, 0, 0});
    Record record = last();
    ++record.values[kPings];
    record.values[kRtt] = rtt_us;
    record.values[kLongestRtt] = std::max(record.values[kLongestRtt], rtt_us);
    coalesce(record, now, true);
}

void BlackBox::acknowledged(MonoTime now, std::uint64_t position) {
    if (!ends_with(Event::signs)) return note(Event::signs, now, {0, 0, 0, 1, position});
    Record record = last();
    ++record.values[kAcks];
    record.values[kAcked] = position;
    coalesce(record, now, true);
}

}  // namespace mythos::hub
