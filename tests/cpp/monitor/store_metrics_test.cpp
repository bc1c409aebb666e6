#include "monitor/store_metrics.hpp"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

namespace mythos::monitor {
namespace {

TEST(StoreMetricsTest, TellsWhatWasWrittenDroppedAndWaits) {
    store::StoreProbe probe;
    probe.written = 12;
    probe.dropped = {3, 0, 1};
    probe.queue_length = 7;
    std::vector<prometheus::MetricFamily> all;
    add_store_metrics(all, probe);
    const std::string text = prometheus::TextSerializer().Serialize(all);
    EXPECT_NE(text.find("mythos_store_written_total 12\n"), std::string::npos) << text;
    EXPECT_NE(text.find("mythos_store_dropped_total{reason=\"queue_full\"} 3\n"), std::string::npos);
    EXPECT_NE(text.find("mythos_store_dropped_total{reason=\"rejected\"} 0\n"), std::string::npos);
    EXPECT_NE(text.find("mythos_store_dropped_total{reason=\"shutdown\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("mythos_store_queue_length 7\n"), std::string::npos);
}

}  // namespace
}  // namespace mythos::monitor
