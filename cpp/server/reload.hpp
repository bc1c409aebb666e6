// What a reload changes: which options take effect at once, and which wait for a restart. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "server/config.hpp"

namespace mythos::server {

struct OptionChange {
    std::string name;
    std::string from;
    std::string to;
    friend bool operator==(const OptionChange&, const OptionChange&) = default;
};

struct Reload {
    Config effective;  // `running` with the live options of `wanted`
    std::vector<OptionChange> live;
    std::vector<OptionChange> waits_for_restart;
};

Reload plan_reload(const Config& running, const Config& wanted);

}  // namespace mythos::server
