#include "monitor/log_metrics.hpp"

#include <string>
#include <string_view>

namespace mythos::monitor {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

namespace {

ClientMetric counted(std::uint64_t value) {
    ClientMetric metric;
    metric.counter.value = static_cast<double>(value);
    return metric;
}

ClientMetric counted(std::string_view label, std::string_view name, std::uint64_t value) {
    ClientMetric metric = counted(value);
    metric.label.push_back({std::string(label), std::string(name)});
    return metric;
}

MetricFamily counter(std::string_view name, std::string_view help, std::vector<ClientMetric> series) {
    return {std::string(name), std::string(help), prometheus::MetricType::Counter, std::move(series)};
}

}  // namespace

void add_log_metrics(std::vector<MetricFamily>& all, const observe::Logging& logging) {
    std::vector<ClientMetric> lines;
    for (std::size_t i = 0; i < observe::kLevels; ++i) {
        const auto level = static_cast<observe::Level>(i);
        lines.push_back(counted("level", observe::name_of(level), logging.lines(level)));
    }
    const observe::LogStatistics told = logging.sink().statistics();
    all.push_back(counter("mythos_log_lines_total", "Log lines of the server, by level.", std::move(lines)));
    all.push_back(counter("mythos_log_dropped_total", "Log lines that were dropped because the log's queue was full.",
                          {counted(told.dropped_lines)}));
    all.push_back(counter("mythos_log_unwritten_bytes_total", "Bytes of log lines that an output did not take.",
                          {counted("output", "file", told.unwritten_file_bytes),
                           counted("output", "stream", told.unwritten_stream_bytes)}));
    all.push_back(counter("mythos_log_rotations_total", "Rotations of the log file.", {counted(told.rotations)}));
}

}  // namespace mythos::monitor
