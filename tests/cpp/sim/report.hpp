// What a campaign prints: sums, the faults by kind, and the matrix of which pairs met.
#pragma once

#include <iosfwd>

#include "sim/campaign.hpp"

namespace mythos::sim {

void print_run(std::ostream& out, const RunResult& run);
void print_totals(std::ostream& out, const Totals& totals);
// In how many runs each two kinds of faults met; kinds are numbered, the legend comes first.
void print_pairs(std::ostream& out, const FaultTotals& totals);

}  // namespace mythos::sim
