// The log's own numbers among the metrics: how much it writes and what it could not.
//
// Names: `mythos_log_lines_total{level}`, `mythos_log_dropped_total`, `mythos_log_unwritten_bytes_total{output}`,
// `mythos_log_rotations_total`. Of one server's Logging; lines that Python adds to the same sink are counted where they
// are dropped or not written, not among the lines. Any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "observe/log.hpp"

namespace mythos::monitor {

void add_log_metrics(std::vector<prometheus::MetricFamily>& all, const observe::Logging& logging);

}  // namespace mythos::monitor
