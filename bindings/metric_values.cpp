#include "bindings/metric_values.hpp"

#include <string>

namespace mythos::bindings {

namespace py = pybind11;
using prometheus::ClientMetric;
using prometheus::MetricType;

namespace {

MetricType type_of(const std::string& word) {
    if (word == "counter") return MetricType::Counter;
    if (word == "gauge") return MetricType::Gauge;
    if (word == "histogram") return MetricType::Histogram;
    throw py::value_error("a metric is a counter, a gauge or a histogram, not " + word);
}

ClientMetric::Histogram histogram_of(const py::tuple& value) {
    ClientMetric::Histogram told;
    for (const auto bucket : value[0].cast<py::list>()) {
        const auto pair = bucket.cast<py::tuple>();
        told.bucket.push_back({pair[1].cast<std::uint64_t>(), pair[0].cast<double>()});
    }
    if (!told.bucket.empty()) told.sample_count = told.bucket.back().cumulative_count;
    told.sample_sum = value[1].cast<double>();
    return told;
}

ClientMetric series_of(MetricType type, const py::tuple& given) {
    ClientMetric metric;
    for (const auto& [label, value] : given[0].cast<py::dict>())
        metric.label.push_back({label.cast<std::string>(), value.cast<std::string>()});
    if (type == MetricType::Counter)
        metric.counter.value = given[1].cast<double>();
    else if (type == MetricType::Gauge)
        metric.gauge.value = given[1].cast<double>();
    else
        metric.histogram = histogram_of(given[1].cast<py::tuple>());
    return metric;
}

}  // namespace

py::tuple sample_values(const monitor::Samples& samples) {
    py::list series(samples.series.size());
    for (std::size_t i = 0; i < samples.series.size(); ++i) series[i] = py::str(samples.series[i]);
    const auto* bytes = reinterpret_cast<const char*>(samples.values.data());
    return py::make_tuple(series, py::bytes(bytes, samples.values.size() * sizeof(double)));
}

std::vector<prometheus::MetricFamily> families_of(const py::list& given) {
    std::vector<prometheus::MetricFamily> families;
    for (const auto each : given) {
        const auto family = each.cast<py::tuple>();
        const MetricType type = type_of(family[2].cast<std::string>());
        families.push_back({family[0].cast<std::string>(), family[1].cast<std::string>(), type, {}});
        for (const auto series : family[3].cast<py::list>())
            families.back().metric.push_back(series_of(type, series.cast<py::tuple>()));
    }
    return families;
}

}  // namespace mythos::bindings
