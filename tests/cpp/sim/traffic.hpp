// What players and publishers do on an ordinary day: publish, subscribe, unsubscribe, ask.
// Drawn from the run's randomness. Not thread-safe; the world outlives it.
#pragma once

#include "sim/world.hpp"

namespace mythos::sim {

class Traffic {
public:
    explicit Traffic(World& world) : world_(world), rng_(world.rng().fork()) {}

    // The first programs of the players, and the first of everything that repeats itself.
    void begin();

private:
    void publish_soon();
    void act_soon();
    void publish();
    void act();

    World& world_;
    Rng rng_;
};

}  // namespace mythos::sim
