// How a connection that had been let in ended, as it is counted, written to the history and told. Plain data.
#pragma once

#include <cstdint>

#include "stats/close_reason.hpp"

namespace mythos::hub {

// Where no close was said (RFC 6455 section 7.1.5).
inline constexpr std::uint16_t kNoCloseCode = 1006;

struct Ending {
    stats::CloseReason reason = stats::CloseReason::normal;
    std::uint16_t code = kNoCloseCode;  // what its peer was told, or had said first
};

}  // namespace mythos::hub
