// A level that holds until it is set anew, such as the share of healthy connections, told for windows of time: its mean
// weighted by how long it held, its lowest and highest.
//
// Not thread-safe. Memory: at most 281 slots of 48 bytes.
#pragma once

#include <limits>

#include "stats/window_rings.hpp"

namespace mythos::stats {

class LevelWindows {
public:
    // Over the time that the window covers; while that is none, all are the level as it is.
    struct Reading {
        double mean = 0, lowest = 0, highest = 0, seconds = 0;
    };

    LevelWindows(MonoTime start, double level) : level_(level), since_(start), rings_(start) {}

    // The level from `now` on; what is not finite changes nothing. A clock that went back stands still.
    void set(MonoTime now, double level);
    void tick(MonoTime now);

    double level() const { return level_; }
    // As of the last tick.
    Reading read(Window window) const;

private:
    struct Held {
        double level_seconds = 0;
        double lowest = std::numeric_limits<double>::infinity();
        double highest = -std::numeric_limits<double>::infinity();
        void merge(const Held& other);
        void shrink() {}
    };
    void hold(MonoTime until);

    double level_;
    MonoTime since_;
    Held held_;  // since the last tick
    WindowRings<Held> rings_;
};

}  // namespace mythos::stats
