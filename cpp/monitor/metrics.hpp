// What the server tells Prometheus: each name of the metrics endpoint with what it is, from the same shards and windows
// as everything else that tells of them.
//
// Only what is measured has a series; a counter that has not counted yet is 0, and a latency without a record has empty
// buckets. Cardinality is bounded. Thread-safety: one thread; takes the sequencer's mutex for moments.
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/node.hpp"
#include "monitor/answers.hpp"
#include "monitor/connection_metrics.hpp"
#include "monitor/statistics.hpp"

namespace mythos::monitor {

// Appends families of its own; called on the monitor's thread.
using MetricSource = std::function<void(std::vector<prometheus::MetricFamily>&)>;

class Metrics final : public prometheus::Collectable {
public:
    // What is referred to outlives it.
    Metrics(hub::Node& node, const Statistics& statistics,
            std::vector<const transport::RequestTimes*> request_times = {})
        : node_(node), statistics_(statistics), connections_(node, statistics, std::move(request_times)) {}

    // Adds what another part of the server tells, which outlives it too; before the first question.
    void add(MetricSource source) { more_.push_back(std::move(source)); }

    std::vector<prometheus::MetricFamily> Collect() const override;

private:
    hub::Node& node_;
    const Statistics& statistics_;
    std::vector<MetricSource> more_;
    mutable ConnectionMetrics connections_;
};

// Answers `GET /metrics`; `metrics` outlives the answers.
void add_metrics_view(Answers& answers, const Metrics& metrics);

// A name with its labels, as the tables of counters and latencies have it, taken apart.
struct SeriesName {
    std::string_view family;
    std::vector<std::pair<std::string_view, std::string_view>> labels;
};
SeriesName series_name(std::string_view name);

// What a family of counters is; empty for one that has no text, which a test refuses.
std::string_view help_of_counter(std::string_view family);

}  // namespace mythos::monitor
