// What happened, line by line with its instant, for whoever replays a seed. Off by default.
// Not thread-safe.
#pragma once

#include <iostream>
#include <string>

#include "base/clock.hpp"

namespace mythos::sim {

inline bool tracing = false;

// `make` gives the text; it is not called while tracing is off.
template <class Make>
void trace(MonoTime now, Make&& make) {
    if (tracing) std::cout << "  " << std::to_string(now.ns / 1'000) << " us  " << make() << '\n';
}

}  // namespace mythos::sim
