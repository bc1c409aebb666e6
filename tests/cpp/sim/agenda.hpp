// What is to happen, ordered by time: the heart of a discrete-event simulation.
//
// Actions of the same instant happen in the order in which they were entered.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/manual_clock.hpp"

namespace mythos::sim {

class Agenda {
public:
    using Action = std::function<void()>;

    explicit Agenda(ManualClock& clock) : clock_(clock) {}

    MonoTime now() const { return clock_.mono(); }
    void at(MonoTime when, Action action);
    void after(Duration delay, Action action) { at(now() + delay, std::move(action)); }

    // Moves the clock to the next action and does it. False: there is none at or before `until`;
    // the clock stands at `until` then.
    bool step(MonoTime until);
    void run_until(MonoTime until) {
        while (step(until)) {}
    }

    std::uint64_t steps() const { return steps_; }

private:
    struct Item {
        MonoTime when;
        std::uint64_t number;
        Action action;
        friend bool operator<(const Item& a, const Item& b) {  // the earliest is the greatest, as std::push_heap wants
            return a.when != b.when ? a.when > b.when : a.number > b.number;
        }
    };

    ManualClock& clock_;
    std::vector<Item> heap_;
    std::uint64_t entered_ = 0;
    std::uint64_t steps_ = 0;
};

}  // namespace mythos::sim
