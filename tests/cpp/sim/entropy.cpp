#include "sim/entropy.hpp"

#include <sys/types.h>

#include <cstddef>

#include "sim/rng.hpp"

namespace {

// Per thread, for the test framework's sake; the simulator itself has one.
thread_local mythos::sim::Rng generator{0};

}  // namespace

namespace mythos::sim {

void seed_entropy(std::uint64_t seed) { generator = Rng(seed ^ 0x5eed'0f'e47409'71ULL); }

}  // namespace mythos::sim

extern "C" ssize_t getrandom(void* buffer, std::size_t size, unsigned) {
    auto* out = static_cast<unsigned char*>(buffer);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(generator.next() >> 32);
    return static_cast<ssize_t>(size);
}
