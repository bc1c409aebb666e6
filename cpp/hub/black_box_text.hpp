// A connection's last events as JSON, for people and the log. Pure functions; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "hub/black_box.hpp"

namespace mythos::hub {

struct BlackBoxWords {
    std::string epoch;  // positions become ids of it
    // A channel by its number; nothing where it is not known any more.
    std::function<std::optional<std::string>(std::uint64_t target)> channel;
};

// `[{"at","event",…}]`, oldest first: as many of the newest as `bytes_max` holds.
std::string events_json(const BlackBox& box, const BlackBoxWords& words, std::size_t bytes_max);

}  // namespace mythos::hub
