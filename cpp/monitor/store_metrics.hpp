// What the history's store tells Prometheus. Any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "store/store.hpp"

namespace mythos::monitor {

void add_store_metrics(std::vector<prometheus::MetricFamily>& all, const store::StoreProbe& probe);

}  // namespace mythos::monitor
