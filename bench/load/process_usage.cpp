#include "load/process_usage.hpp"

#include <unistd.h>

#include <ctime>
#include <fstream>
#include <numeric>
#include <string>

#include "load/failure.hpp"

namespace mythos::bench {

double cpu_us(pid_t pid) {
    clockid_t clock{};
    timespec used{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        throw Failure("the measured process " + std::to_string(pid) + " is gone");
    return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

double own_cpu_us() { return cpu_us(getpid()); }

Memory memory_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    Memory memory;
    std::string line;
    while (std::getline(file, line)) {
        if (line.starts_with("VmRSS:")) memory.rss_kib = std::stod(line.substr(6));
        if (line.starts_with("RssAnon:")) memory.anonymous_kib = std::stod(line.substr(8));
    }
    if (memory.rss_kib == 0) throw Failure("the measured process " + std::to_string(pid) + " is gone");
    return memory;
}

std::vector<double> cpu_us_each(const std::vector<pid_t>& pids) {
    std::vector<double> values;
    for (const pid_t pid : pids) values.push_back(cpu_us(pid));
    return values;
}

Memory memory_of_all(const std::vector<pid_t>& pids) {
    Memory total;
    for (const pid_t pid : pids) {
        const Memory one = memory_of(pid);
        total.rss_kib += one.rss_kib;
        total.anonymous_kib += one.anonymous_kib;
    }
    return total;
}

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

}  // namespace mythos::bench
