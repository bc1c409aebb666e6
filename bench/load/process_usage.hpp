// What a process has used so far. CPU time is user + system of all its threads in
// microseconds, by the scheduler's own account, not by clock ticks. Sizes are in KiB. A
// process that is gone ends the measurement with a Failure.
#pragma once

#include <sys/types.h>

#include <vector>

namespace mythos::bench {

struct Memory {
    double rss_kib = 0;
    double anonymous_kib = 0;
};

double cpu_us(pid_t pid);
double own_cpu_us();
Memory memory_of(pid_t pid);

// Several processes, as one server may be: each one's CPU, in the order given.
std::vector<double> cpu_us_each(const std::vector<pid_t>& pids);
Memory memory_of_all(const std::vector<pid_t>& pids);
double sum(const std::vector<double>& values);

}  // namespace mythos::bench
