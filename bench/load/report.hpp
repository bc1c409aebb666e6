// What a measurement found, as JSON. Keys carry their unit; `ok` is false where anything was
// lost, repeated or out of order, and the program then exits 1.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "load/event_loop.hpp"
#include "load/fleet.hpp"
#include "load/histogram.hpp"
#include "load/target.hpp"

namespace mythos::bench {

using Report = nlohmann::ordered_json;

Report latency_report(const Histogram& histogram);
// lost, repeated, id_disorder, gaps and `ok` of a fleet whose accounts are closed.
Report account_report(const Fleet& fleet);
// Two columns for people.
std::string as_table(const Report& report);

// What the server's processes used, and how long it took, from construction to `stop`.
class Stopwatch {
public:
    explicit Stopwatch(const Target& target);
    void stop();
    double cpu_us() const;  // all processes of the server
    double wall_us() const;
    // CPU of each process, its share of one core, and the load's own share.
    Report report() const;

private:
    const Target& target_;
    std::vector<double> before_;
    std::vector<double> used_;
    double own_cpu_us_;
    std::int64_t began_ns_;
    std::int64_t ended_ns_ = 0;
};

// Rounds to `digits` decimals, so that reports stay readable.
double rounded(double value, int digits = 3);

}  // namespace mythos::bench
