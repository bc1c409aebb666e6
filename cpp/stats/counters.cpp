#include "stats/counters.hpp"

#include <array>

namespace mythos::stats {

std::string_view name_of(Counter counter) {
    static constexpr std::array<std::string_view, kCounters> kNames = {
#define MYTHOS_COUNTER(id, name) name,
#include "stats/counters.def"
#undef MYTHOS_COUNTER
    };
    return kNames[static_cast<std::size_t>(counter)];
}

}  // namespace mythos::stats
