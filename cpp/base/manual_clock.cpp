#include "base/manual_clock.hpp"

#include <cassert>

namespace mythos {

void ManualClock::advance(Duration d) {
    assert(d.ns >= 0);
    mono_ns_.fetch_add(d.ns, std::memory_order_acq_rel);
    wall_ns_.fetch_add(d.ns, std::memory_order_acq_rel);
}

void ManualClock::step_wall(Duration d) { wall_ns_.fetch_add(d.ns, std::memory_order_acq_rel); }

}  // namespace mythos
