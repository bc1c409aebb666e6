// Which counters count an error, and of which type and severity: the one table (faults.def) behind the error tracker,
// the metrics and docs/reference/errors.md.
//
// How many errors of a type and severity there were is the sum of their counters, so the two cannot disagree.
// Stateless; any thread.
#pragma once

#include <span>
#include <string_view>

#include "stats/counters.hpp"
#include "stats/errors.hpp"

namespace mythos::stats {

struct Fault {
    Counter counter;
    ErrorType type;
    Severity severity;
    std::string_view event;  // what the log calls it, where the place it happens at has no name of its own
    std::string_view text;   // what it means, without anything that varies
};

// The row of a counter; null: it counts no error.
const Fault* fault_of(Counter counter);
std::span<const Fault> all_faults();
// The guide's class of what a counter counts.
std::string_view error_type(Counter counter);

// The word that the counter's label names, or its own name where it has none: `bad_cursor`, `operation_faults`.
std::string_view code_of(const Fault& fault);

}  // namespace mythos::stats
