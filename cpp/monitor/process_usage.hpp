// What this process takes of the machine, as the operating system counts it.
//
// Any thread. What the system does not tell is left out.
#pragma once

#include <cstdint>
#include <optional>

namespace mythos::monitor {

struct ProcessUsage {
    std::optional<double> cpu_seconds;  // user and system
    std::optional<std::uint64_t> resident_bytes;
    std::optional<std::uint64_t> open_descriptors, descriptors_max;
    std::optional<double> start_epoch_seconds;
};

ProcessUsage process_usage();

// User and system, since the start; cheap.
double cpu_seconds();
std::optional<std::uint64_t> resident_bytes();

}  // namespace mythos::monitor
