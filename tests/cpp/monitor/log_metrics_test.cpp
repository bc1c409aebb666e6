#include "monitor/log_metrics.hpp"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "base/manual_clock.hpp"
#include "observe/temporary.hpp"

namespace mythos::monitor {
namespace {

TEST(LogMetrics, AreTheLogsOwnNumbers) {
    const test::MemoryFile stream;
    const ManualClock clock;
    const auto logging = std::move(observe::Logging::open({.output = stream.descriptor()}, clock).value());
    logging->named("server").info("one");
    logging->named("server").warning("two");
    logging->named("server").debug("left out");
    std::vector<prometheus::MetricFamily> all;
    add_log_metrics(all, *logging);
    const std::string text = prometheus::TextSerializer().Serialize(all);
    for (const char* line : {"mythos_log_lines_total{level=\"info\"} 1", "mythos_log_lines_total{level=\"warning\"} 1",
                             "mythos_log_lines_total{level=\"debug\"} 0", "mythos_log_dropped_total 0",
                             "mythos_log_unwritten_bytes_total{output=\"file\"} 0",
                             "mythos_log_unwritten_bytes_total{output=\"stream\"} 0", "mythos_log_rotations_total 0"})
        EXPECT_NE(text.find(line), std::string::npos) << text;
}

}  // namespace
}  // namespace mythos::monitor
