// What the sequencer asks of a connection's loop. Plain data; delivered through the
// loop's inbox in the order of decision, acted upon in that loop's next turn.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hub/intervals.hpp"
#include "hub/outlet.hpp"

namespace mythos::hub {

struct Effect {
    enum class Kind : std::uint8_t {
        close,           // `code`, `reason`
        promote,         // to active, from `cursor` on; no change if active with a base at or below it
        demote,          // to standby
        forget_targets,  // every loop: these targets will never be used again
    };
    Kind kind = Kind::close;
    std::uint32_t loop = 0;
    ConnectionKey key = 0;
    protocol::CloseCode code = protocol::CloseCode::normal;
    std::string reason;
    bool asked = false;  // the application asked for it
    Seq cursor = 0;
    std::vector<TargetId> targets;
};

inline constexpr std::uint32_t kEveryLoop = ~std::uint32_t{0};

}  // namespace mythos::hub
