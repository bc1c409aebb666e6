#include "monitor/health_metrics.hpp"

#include <limits>

namespace mythos::monitor {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

ClientMetric series_of(const observe::ComponentHealth& component) {
    ClientMetric metric;
    metric.label.push_back({"component", component.spec.name});
    return metric;
}

ClientMetric::Histogram histogram_of(const observe::CheckDurations& durations) {
    ClientMetric::Histogram told;
    for (std::size_t edge = 0; edge < durations.counts.size(); ++edge) {
        told.sample_count += durations.counts[edge];
        const double bound =
            edge < durations.kEdges.size() ? durations.kEdges[edge] : std::numeric_limits<double>::infinity();
        told.bucket.push_back({told.sample_count, bound});
    }
    told.sample_sum = durations.sum_seconds;
    return told;
}

}  // namespace

void add_health_metrics(std::vector<MetricFamily>& all, const observe::HealthReport& report) {
    MetricFamily status{"mythos_health_status",
                        "Health of a component: 1 healthy, 0.5 degraded, 0 unhealthy or stale.",
                        MetricType::Gauge,
                        {}};
    MetricFamily durations{
        "mythos_health_check_duration_seconds", "How long the checks of a component took.", MetricType::Histogram, {}};
    for (const auto& component : report.components) {
        ClientMetric metric = series_of(component);
        metric.gauge.value = 1 - static_cast<double>(component.status) / 2;
        status.metric.push_back(std::move(metric));
        metric = series_of(component);
        metric.histogram = histogram_of(component.durations);
        durations.metric.push_back(std::move(metric));
    }
    all.push_back(std::move(status));
    all.push_back(std::move(durations));
}

}  // namespace mythos::monitor
