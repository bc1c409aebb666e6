// The health of components among the metrics: `mythos_health_status{component}`, 1 for healthy, 0.5 for degraded and 0
// for unhealthy or stale, and `mythos_health_check_duration_seconds{component}`.
//
// The board bounds how many components there are. Any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "observe/health.hpp"

namespace mythos::monitor {

void add_health_metrics(std::vector<prometheus::MetricFamily>& all, const observe::HealthReport& report);

}  // namespace mythos::monitor
