// The windows for which statistics are told, and the four rings of slots that answer for them.
//
// What happened between two ticks goes into the slot that the later tick falls into, in each ring; a slot begins just
// after a multiple of its length, so that a tick on the multiple ends it. A window is its ring's full number of slots
// and the one that is being filled: what a tick brought in is told for the whole window, and for less than one slot
// longer. Every slot knows the tick at which it began, so `seconds` says exactly what time is covered, also where ticks
// came late, the clock stood still or leapt, and since the start.
//
// Not thread-safe. Memory: at most 281 slots of what is kept; a tick costs no more after a leap of the clock.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace mythos::stats {

enum class Window : std::uint8_t { minute, five_minutes, hour, day };

struct WindowShape {
    std::string_view name;
    Duration slot;
    std::int64_t slots;
};
inline constexpr std::array<WindowShape, 4> kWindows{
    {{"1m", seconds(1), 60}, {"5m", seconds(5), 60}, {"1h", seconds(60), 60}, {"24h", seconds(900), 96}}};
inline constexpr std::array<Window, 4> kEachWindow{Window::minute, Window::five_minutes, Window::hour, Window::day};

constexpr std::size_t index_of(Window window) { return static_cast<std::size_t>(window); }
constexpr const WindowShape& shape_of(Window window) { return kWindows[index_of(window)]; }

constexpr std::optional<Window> window_named(std::string_view name) {
    for (const Window window : kEachWindow)
        if (shape_of(window).name == name) return window;
    return std::nullopt;
}

// `Content`: what is kept of a slot; default-constructed it is nothing, `merge` adds another, `shrink` is called once
// when nothing more comes into it.
template <class Content>
class WindowRings {
public:
    struct Slot {
        std::int64_t number;
        MonoTime began;
        Content content;
    };

    explicit WindowRings(MonoTime start) : now_(start) {}

    // A tick. `happened` since the last one; `expired(window, content)` is called for each slot that leaves a window. A
    // clock that stands still or goes back adds to the newest slot.
    template <class Expired>
    void tick(MonoTime now, const Content& happened, Expired&& expired) {
        now = std::max(now, now_);
        for (const Window window : kEachWindow) {
            auto& ring = rings_[index_of(window)];
            const WindowShape& shape = shape_of(window);
            const std::int64_t number = slot_number(now, shape.slot);
            for (; !ring.empty() && ring.front().number < number - shape.slots; ring.pop_front())
                expired(window, ring.front().content);
            if (ring.empty() || ring.back().number != number) {
                if (!ring.empty()) ring.back().content.shrink();
                ring.push_back({number, now_, {}});
            }
            ring.back().content.merge(happened);
        }
        now_ = now;
    }

    // The newest tick, and the time up to it that a window covers.
    MonoTime now() const { return now_; }
    double seconds(Window window) const {
        const auto& ring = slots(window);
        return ring.empty() ? 0 : (now_ - ring.front().began).seconds();
    }
    // Oldest first.
    const std::deque<Slot>& slots(Window window) const { return rings_[index_of(window)]; }

private:
    // Rounded up, also below zero: monotonic clocks may begin anywhere.
    static std::int64_t slot_number(MonoTime t, Duration slot) { return t.ns / slot.ns + (t.ns % slot.ns > 0); }

    std::array<std::deque<Slot>, kWindows.size()> rings_;
    MonoTime now_;
};

}  // namespace mythos::stats
