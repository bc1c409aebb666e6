#include "monitor/store_metrics.hpp"

#include <string>

namespace mythos::monitor {

using prometheus::MetricFamily;
using prometheus::MetricType;

void add_store_metrics(std::vector<MetricFamily>& all, const store::StoreProbe& probe) {
    MetricFamily written{
        "mythos_store_written_total", "Openings and closings that the database has taken.", MetricType::Counter, {}};
    written.metric.emplace_back().counter.value = static_cast<double>(probe.written);
    all.push_back(std::move(written));

    MetricFamily dropped{
        "mythos_store_dropped_total", "Openings and closings that were not written, by why.", MetricType::Counter, {}};
    for (std::size_t i = 0; i < store::kDrops.size(); ++i) {
        auto& series = dropped.metric.emplace_back();
        series.label.push_back({"reason", std::string(store::kDrops[i])});
        series.counter.value = static_cast<double>(probe.dropped[i]);
    }
    all.push_back(std::move(dropped));

    MetricFamily queued{
        "mythos_store_queue_length", "Openings and closings that wait for the database.", MetricType::Gauge, {}};
    queued.metric.emplace_back().gauge.value = static_cast<double>(probe.queue_length);
    all.push_back(std::move(queued));
}

}  // namespace mythos::monitor
