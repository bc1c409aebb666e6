// Takes the place of the operating system's random generator, so that a seed replays
// a run down to the last session id.
//
// entropy.cpp defines `getrandom(2)`, which the executable's symbol table puts before
// the C library's; everything below reads randomness through it (base/ids.hpp).
#pragma once

#include <cstdint>

namespace mythos::sim {

// Restarts the generator behind `getrandom`. Before the first call it is seeded with 0.
void seed_entropy(std::uint64_t seed);

}  // namespace mythos::sim
