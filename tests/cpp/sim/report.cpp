#include "sim/report.hpp"

#include <iomanip>
#include <ostream>

namespace mythos::sim {

void print_run(std::ostream& out, const RunResult& run) {
    out << describe(run.plan) << '\n';
    out << "  " << run.clients << " programs, " << run.connections << " connections, " << run.appended << " records, "
        << run.applied << " entries applied, " << run.gaps << " gaps, " << run.commands << " commands, " << run.restarts
        << " restarts, " << run.faults.sessions().size() << " faulted sessions, " << run.steps << " steps\n";
    out << "  faults:";
    for (std::size_t i = 0; i < kFaults; ++i)
        if (run.faults.counts()[i] > 0)
            out << ' ' << fault_name(static_cast<Fault>(i)) << '=' << run.faults.counts()[i];
    out << '\n';
    for (const auto& finding : run.findings) out << "  BROKEN: " << finding << '\n';
}

void print_totals(std::ostream& out, const Totals& totals) {
    out << totals.faults.runs << " runs, " << totals.faults.faulted_sessions << " faulted sessions, "
        << totals.connections << " connections, " << totals.restarts << " restarts, " << totals.appended << " records, "
        << totals.applied << " entries applied, " << totals.gaps << " gaps told, " << totals.commands << " commands\n";
    out << totals.failed.size() << " runs failed";
    for (std::size_t i = 0; i < totals.failed.size() && i < 20; ++i)
        out << (i == 0 ? ": seeds " : " ") << totals.failed[i];
    out << '\n';
}

void print_pairs(std::ostream& out, const FaultTotals& totals) {
    out << "faults, how often each:\n";
    for (std::size_t i = 0; i < kFaults; ++i)
        out << std::setw(4) << i + 1 << ' ' << std::left << std::setw(24) << fault_name(static_cast<Fault>(i))
            << std::right << std::setw(8) << totals.counts[i] << (i % 3 == 2 ? "\n" : "");
    out << "\nruns in which two kinds met (" << totals.pairs_met() << " of " << kFaults * (kFaults - 1) / 2
        << " pairs):\n    ";
    for (std::size_t j = 0; j + 1 < kFaults; ++j) out << std::setw(5) << j + 1;
    out << '\n';
    for (std::size_t i = 1; i < kFaults; ++i) {
        out << std::setw(4) << i + 1;
        for (std::size_t j = 0; j < i; ++j) out << std::setw(5) << totals.pairs[i][j];
        out << '\n';
    }
}

}  // namespace mythos::sim
