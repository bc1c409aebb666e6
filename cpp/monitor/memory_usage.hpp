// How much of the memory that this process may have is in use: of its control group where that has a limit, version 2
// or 1, and else of the machine.
//
// Of a group it is what cannot be given back, as the kernel's own limit counts it: in use less file pages that nobody
// has touched for a while. Files are read at each call. Any thread; what the system does not tell is left out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace mythos::monitor {

struct MemoryUsage {
    std::uint64_t used_bytes = 0;
    std::uint64_t total_bytes = 0;  // never 0
    bool limited = false;           // by a control group; else `used_bytes` is the process's alone
    double percent() const { return 100 * static_cast<double>(used_bytes) / static_cast<double>(total_bytes); }
};

// Where the kernel tells of the groups: `groups` is /sys/fs/cgroup, `own` is /proc/self/cgroup.
struct GroupFiles {
    std::filesystem::path groups = "/sys/fs/cgroup";
    std::filesystem::path own = "/proc/self/cgroup";
};

// Of the group, or one above it, whose limit is the nearest to be reached; nothing without any limit.
std::optional<MemoryUsage> group_memory_usage(const GroupFiles& files = {});

// The same, or the process's resident memory and the machine's.
std::optional<MemoryUsage> memory_usage(const GroupFiles& files = {});

}  // namespace mythos::monitor
