// Metric families in the making, in prometheus-cpp's types. Pure functions; any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "stats/edges.hpp"

namespace mythos::monitor {

using Families = std::vector<prometheus::MetricFamily>;
using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

// Appends a family, unless the last one is it already: a family's series stand together.
prometheus::MetricFamily& family_of(Families& all, std::string_view name, std::string_view help,
                                    prometheus::MetricType type);
prometheus::ClientMetric& add_series(prometheus::MetricFamily& family, const Labels& labels);

void add_gauge(Families& all, std::string_view name, std::string_view help, double value, const Labels& labels = {});
template <class T>
void add_gauge(Families& all, std::string_view name, std::string_view help, const std::optional<T>& value) {
    if (value) add_gauge(all, name, help, static_cast<double>(*value));
}
void add_counter(Families& all, std::string_view name, std::string_view help, double value, const Labels& labels = {});
// For the contract's names that end like a counter's and are none.
void add_untyped(Families& all, std::string_view name, std::string_view help, double value);

// `counts`: by edge, and one above all edges; `sum` and the edges in units of which a second, or one, has `units`. The
// count told is that of the buckets, so that both agree also where a record comes in between.
prometheus::ClientMetric::Histogram histogram_of(const stats::Edges& edges, std::span<const std::uint64_t> counts,
                                                 std::uint64_t sum, double units);

}  // namespace mythos::monitor
