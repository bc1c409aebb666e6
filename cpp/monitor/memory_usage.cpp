#include "monitor/memory_usage.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

#include "monitor/process_usage.hpp"

namespace mythos::monitor {

namespace fs = std::filesystem;

namespace {

// Version 1 says "no limit" by a number near 2^63, rounded to pages.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;

struct GroupNames {
    const char* limit;
    const char* used;
    const char* inactive;  // in memory.stat
};
constexpr GroupNames kVersion2{"memory.max", "memory.current", "inactive_file "};
constexpr GroupNames kVersion1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "};

// `max`, or a file that is not there, is no number.
std::optional<std::uint64_t> number_in(const fs::path& path) {
    std::ifstream file(path);
    std::uint64_t value = 0;
    if (!(file >> value)) return std::nullopt;
    return value;
}

std::uint64_t stat_of(const fs::path& path, std::string_view name) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(name)) continue;
        std::uint64_t value = 0;
        std::from_chars(line.data() + name.size(), line.data() + line.size(), value);
        return value;
    }
    return 0;
}

std::optional<MemoryUsage> usage_of(const fs::path& group, const GroupNames& names) {
    const auto limit = number_in(group / names.limit), used = number_in(group / names.used);
    if (!limit || !used || *limit == 0 || *limit >= kNoLimit) return std::nullopt;
    const std::uint64_t inactive = stat_of(group / "memory.stat", names.inactive);
    return MemoryUsage{*used - std::min(*used, inactive), *limit, true};
}

struct OwnGroup {
    std::string path;
    bool version_2 = false;
};

// Lines are `0::/path` for version 2 and `9:memory:/path` for version 1 (cgroups(7)); the latter wins where both are.
std::optional<OwnGroup> own_group(const fs::path& own) {
    std::ifstream file(own);
    std::optional<OwnGroup> found;
    for (std::string line; std::getline(file, line);) {
        const std::size_t first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const bool version_2 = line.starts_with("0::");
        if (controllers.find(",memory,") != std::string::npos || (version_2 && !found))
            found = OwnGroup{line.substr(second + 1), version_2};
    }
    return found;
}

// This process's group and those above it.
template <class Visit>
void for_each_group(const GroupFiles& files, Visit&& visit) {
    const auto own = own_group(files.own);
    if (!own) return;
    const GroupNames& names = own->version_2 ? kVersion2 : kVersion1;
    const fs::path root = own->version_2 ? files.groups : files.groups / "memory";
    // In a container the path may be that of the world outside, and the root what is meant.
    fs::path group = root / fs::path(own->path).relative_path();
    if (!fs::exists(group)) group = root;
    for (;; group = group.parent_path()) {
        visit(group, names);
        if (group == root || !group.has_relative_path()) return;
    }
}

std::optional<std::uint64_t> machine_bytes() {
    const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page_bytes <= 0) return std::nullopt;
    return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
}

}  // namespace

std::optional<MemoryUsage> group_memory_usage(const GroupFiles& files) {
    std::optional<MemoryUsage> nearest;
    for_each_group(files, [&](const fs::path& group, const GroupNames& names) {
        const auto usage = usage_of(group, names);
        if (usage && (!nearest || usage->percent() > nearest->percent())) nearest = usage;
    });
    return nearest;
}

std::optional<MemoryUsage> memory_usage(const GroupFiles& files) {
    if (const auto limited = group_memory_usage(files)) return limited;
    const auto resident = resident_bytes(), total = machine_bytes();
    if (!resident || !total) return std::nullopt;
    return MemoryUsage{*resident, *total, false};
}

}  // namespace mythos::monitor
