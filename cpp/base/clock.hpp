// Time as two types that cannot be mixed: monotonic instants for durations and
// deadlines, wall-clock instants for what people read.
//
// No logic below `server/` reads a clock. `now` is passed in, or a `Clock` is
// injected; tests and the simulator move a ManualClock by hand.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace mythos {

// A length of time in nanoseconds; may be negative.
struct Duration {
    std::int64_t ns = 0;
    friend constexpr auto operator<=>(Duration, Duration) = default;
    friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
    friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
    friend constexpr Duration operator*(Duration a, std::int64_t k) { return {a.ns * k}; }
    friend constexpr Duration operator/(Duration a, std::int64_t k) { return {a.ns / k}; }
    constexpr std::int64_t ms() const { return ns / 1'000'000; }
    constexpr double seconds() const { return static_cast<double>(ns) / 1e9; }
};

constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }

// An instant of the monotonic clock, nanoseconds since an arbitrary start.
struct MonoTime {
    std::int64_t ns = 0;
    friend constexpr auto operator<=>(MonoTime, MonoTime) = default;
    friend constexpr MonoTime operator+(MonoTime t, Duration d) { return {t.ns + d.ns}; }
    friend constexpr MonoTime operator-(MonoTime t, Duration d) { return {t.ns - d.ns}; }
    friend constexpr Duration operator-(MonoTime a, MonoTime b) { return {a.ns - b.ns}; }
};

// An instant of the wall clock, nanoseconds since 1970-01-01T00:00:00Z.
struct WallTime {
    std::int64_t ns = 0;
    friend constexpr auto operator<=>(WallTime, WallTime) = default;
    constexpr double epoch_seconds() const { return static_cast<double>(ns) / 1e9; }
};

// ISO 8601 in UTC with microseconds, as in logs and HTTP bodies: 2026-01-06T19:55:00.000000Z.
std::string iso8601(WallTime t);

// Where instants come from. Implementations are safe to call from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    virtual MonoTime mono() const = 0;
    virtual WallTime wall() const = 0;
};

// The operating system's CLOCK_MONOTONIC and CLOCK_REALTIME.
class SystemClock final : public Clock {
public:
    MonoTime mono() const override;
    WallTime wall() const override;
};

}  // namespace mythos
