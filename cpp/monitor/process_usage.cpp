#include "monitor/process_usage.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
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
