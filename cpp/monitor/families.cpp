#include "monitor/families.hpp"

#include <limits>

namespace mythos::monitor {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily& family_of(Families& all, std::string_view name, std::string_view help, MetricType type) {
    if (all.empty() || all.back().name != name) all.push_back({std::string(name), std::string(help), type, {}});
    return all.back();
}

ClientMetric& add_series(MetricFamily& family, const Labels& labels) {
    ClientMetric& metric = family.metric.emplace_back();
    for (const auto& [label, value] : labels) metric.label.push_back({std::string(label), std::string(value)});
    return metric;
}

void add_gauge(Families& all, std::string_view name, std::string_view help, double value, const Labels& labels) {
    add_series(family_of(all, name, help, MetricType::Gauge), labels).gauge.value = value;
}

void add_counter(Families& all, std::string_view name, std::string_view help, double value, const Labels& labels) {
    add_series(family_of(all, name, help, MetricType::Counter), labels).counter.value = value;
}

void add_untyped(Families& all, std::string_view name, std::string_view help, double value) {
    add_series(family_of(all, name, help, MetricType::Untyped), {}).untyped.value = value;
}

ClientMetric::Histogram histogram_of(const stats::Edges& edges, std::span<const std::uint64_t> counts,
                                     std::uint64_t sum, double units) {
    ClientMetric::Histogram told;
    const auto upper = edges.upper();
    for (std::size_t edge = 0; edge <= upper.size(); ++edge) {
        told.sample_count += counts[edge];
        const double bound =
            edge < upper.size() ? static_cast<double>(upper[edge]) / units : std::numeric_limits<double>::infinity();
        told.bucket.push_back({told.sample_count, bound});
    }
    told.sample_sum = static_cast<double>(sum) / units;
    return told;
}

}  // namespace mythos::monitor
