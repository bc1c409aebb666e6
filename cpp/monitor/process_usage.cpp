#include "monitor/process_usage.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace mythos::monitor {

namespace {

// The fields of /proc/self/stat behind the name, which may hold anything; the first one is number 3 (proc(5)).
std::optional<std::string> stat_field(int number) {
    std::ifstream file("/proc/self/stat");
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string field;
    for (int at = 3; at <= number; ++at)
        if (!(fields >> field)) return std::nullopt;
    return field;
}

std::optional<double> boot_epoch_seconds() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("btime ")) return std::stod(line.substr(6));
    return std::nullopt;
}

// A file that holds one number, as cgroups have them; nothing where it says `max` or is not there.
std::optional<std::uint64_t> number_in(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::uint64_t number = 0;
    return file >> number ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> machine_bytes() {
    const auto pages = sysconf(_SC_PHYS_PAGES);
    if (pages <= 0) return std::nullopt;
    return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

struct Cgroup {
    std::filesystem::path root, own;
    const char* limit;
};

// Of this process, in the hierarchy that limits memory: version 1's own where there is one, else that of version 2.
Cgroup cgroup_of_memory() {
    Cgroup found{"/sys/fs/cgroup", "/", "memory.max"};
    std::ifstream file("/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const auto first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        if (line.starts_with("0::")) found.own = line.substr(second + 1);
        if (controllers.find(",memory,") != std::string::npos)
            return {"/sys/fs/cgroup/memory", line.substr(second + 1), "memory.limit_in_bytes"};
    }
    return found;
}

std::optional<std::uint64_t> open_descriptors() {
    // Linux 6.2 and later tells the number itself; where there are many, reading the directory takes milliseconds.
    struct stat directory {};
    if (stat("/proc/self/fd", &directory) == 0 && directory.st_size > 0)
        return static_cast<std::uint64_t>(directory.st_size);
    std::error_code failed;
    std::uint64_t count = 0;
    for (auto at = std::filesystem::directory_iterator("/proc/self/fd", failed);
         !failed && at != std::filesystem::directory_iterator(); at.increment(failed))
        ++count;
    if (failed) return std::nullopt;
    return count - 1;  // the one that reads the directory
}

}  // namespace

double cpu_seconds() {
    rusage used{};
    if (getrusage(RUSAGE_SELF, &used) != 0) return 0;
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::optional<std::uint64_t> resident_bytes() {
    const auto pages = stat_field(24);
    if (!pages) return std::nullopt;
    return std::stoull(*pages) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> memory_limit_bytes() {
    const Cgroup cgroup = cgroup_of_memory();
    auto limit = machine_bytes();
    // In a container its own group is often mounted as the root, under the path that it has outside.
    for (std::filesystem::path group = cgroup.own.relative_path();; group = group.parent_path()) {
        if (const auto told = number_in(cgroup.root / group / cgroup.limit))
            limit = limit ? std::min(*limit, *told) : told;
        if (group.empty()) return limit;
    }
}

ProcessUsage process_usage() {
    ProcessUsage usage;
    usage.cpu_seconds = cpu_seconds();
    usage.resident_bytes = resident_bytes();
    usage.open_descriptors = open_descriptors();
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        usage.descriptors_max = limit.rlim_cur;
    const auto started = stat_field(22);
    const auto boot = boot_epoch_seconds();
    if (started && boot)
        usage.start_epoch_seconds = *boot + std::stod(*started) / static_cast<double>(sysconf(_SC_CLK_TCK));
    return usage;
}

}  // namespace mythos::monitor
