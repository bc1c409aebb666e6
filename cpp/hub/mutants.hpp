// Deliberate faults, by name, that show that the simulator's oracle notices them.
//
// The product carries none of this: without MYTHOS_MUTANTS `mutant()` is false at
// compile time. The simulator is built from a second copy of the hub, compiled with
// it; that copy must never be linked together with the first.
// Not thread-safe: the simulator sets `active_mutant` before a run, on its only thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace mythos::hub {

enum class Mutant : std::uint8_t {
#define MYTHOS_MUTANT(name, what) name,
#include "hub/mutants.def"
#undef MYTHOS_MUTANT
    count_,
};

#ifdef MYTHOS_MUTANTS
inline Mutant active_mutant = Mutant::none;
inline bool mutant(Mutant m) { return active_mutant == m; }
#else
constexpr bool mutant(Mutant) { return false; }
#endif

}  // namespace mythos::hub
