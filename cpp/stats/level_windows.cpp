#include "stats/level_windows.hpp"

#include <algorithm>
#include <cmath>

namespace mythos::stats {

void LevelWindows::Held::merge(const Held& other) {
    level_seconds += other.level_seconds;
    lowest = std::min(lowest, other.lowest);
    highest = std::max(highest, other.highest);
}

void LevelWindows::hold(MonoTime until) {
    if (until <= since_) return;
    held_.merge({level_ * (until - since_).seconds(), level_, level_});
    since_ = until;
}

void LevelWindows::set(MonoTime now, double level) {
    hold(now);
    if (std::isfinite(level)) level_ = level;
}

void LevelWindows::tick(MonoTime now) {
    hold(now);
    rings_.tick(since_, held_, [](Window, const Held&) {});
    held_ = {};
}

LevelWindows::Reading LevelWindows::read(Window window) const {
    const double seconds = rings_.seconds(window);
    if (seconds <= 0) return {level_, level_, level_, 0};
    // Added up anew each time: differences of sums would gather the errors of their rounding.
    Held all;
    for (const auto& slot : rings_.slots(window)) all.merge(slot.content);
    // Rounding must not tell of more than all healthy.
    return {std::clamp(all.level_seconds / seconds, all.lowest, all.highest), all.lowest, all.highest, seconds};
}

}  // namespace mythos::stats
