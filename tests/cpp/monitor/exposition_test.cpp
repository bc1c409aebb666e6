// The formats of metrics, and which one is told to whom.
#include "monitor/exposition.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <limits>

namespace mythos::monitor {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

TEST(NegotiateFormatTest, OpenMetricsOnlyWhereItIsPreferred) {
    const auto is_open = [](std::string_view accept) { return negotiate_format(accept) == TextFormat::open_metrics; };
    EXPECT_TRUE(is_open("application/openmetrics-text;version=1.0.0"));
    EXPECT_TRUE(is_open("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"));
    EXPECT_TRUE(is_open("Application/OpenMetrics-Text ; Q=0.5 , text/plain;q=0.3"));
    EXPECT_TRUE(is_open("*/*;q=0.1, application/openmetrics-text;q=0.2")) << "the order says nothing";
    EXPECT_FALSE(is_open("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;q=0.4"));
    EXPECT_FALSE(is_open("application/openmetrics-text;q=0, */*"));
    EXPECT_FALSE(is_open("*/*"));
    EXPECT_FALSE(is_open("text/html,application/xhtml+xml,*/*;q=0.8"));
    EXPECT_FALSE(is_open(""));
    EXPECT_FALSE(is_open(";;,,q=,"));
}

MetricFamily family(const char* name, MetricType type, ClientMetric metric) {
    return {name, "What it is: a \"test\".", type, {std::move(metric)}};
}

TEST(WriteMetricsTest, OpenMetricsNamesFamiliesTypesAndItsEnd) {
    ClientMetric counter, gauge, untyped, histogram;
    counter.label = {{"reason", "a\"b\\c\n"}};
    counter.counter.value = 3;
    gauge.gauge.value = 0.5;
    untyped.untyped.value = 2;
    histogram.histogram = {2, 1.5, {{1, 1.0}, {2, std::numeric_limits<double>::infinity()}}};
    const std::string help = "What it is: a \\\"test\\\".\n";
    EXPECT_EQ(write_metrics(TextFormat::open_metrics,
                            {family("x_total", MetricType::Counter, counter), family("y", MetricType::Gauge, gauge),
                             family("z_total", MetricType::Untyped, untyped),
                             family("w_seconds", MetricType::Histogram, histogram)}),
              "# TYPE x counter\n# HELP x " + help + R"(x_total{reason="a\"b\\c\n"} 3)" +
                  "\n# TYPE y gauge\n# HELP y " + help + "y 0.5\n# TYPE z_total unknown\n# HELP z_total " + help +
                  "z_total 2\n# TYPE w_seconds histogram\n# HELP w_seconds " + help +
                  "w_seconds_bucket{le=\"1.0\"} 1\nw_seconds_bucket{le=\"+Inf\"} 2\nw_seconds_count 2\n"
                  "w_seconds_sum 1.5\n# EOF\n");
}

TEST(SamplesTest, AreThoseOfOpenMetrics) {
    ClientMetric counter, gauge, histogram;
    counter.label = {{"reason", "a\"b"}};
    counter.counter.value = 3;
    gauge.gauge.value = std::numeric_limits<double>::quiet_NaN();
    histogram.histogram = {2, 1.5, {{1, 1.0}, {2, std::numeric_limits<double>::infinity()}}};
    const std::vector<MetricFamily> families{family("x_total", MetricType::Counter, counter),
                                             family("w_seconds", MetricType::Histogram, histogram),
                                             family("y", MetricType::Gauge, gauge)};
    const Samples samples = samples_of(families);
    const std::vector<std::string> series{R"(x_total{reason="a\"b"})",
                                          R"(w_seconds_bucket{le="1.0"})",
                                          R"(w_seconds_bucket{le="+Inf"})",
                                          "w_seconds_count",
                                          "w_seconds_sum",
                                          "y"};
    EXPECT_EQ(samples.series, series);
    ASSERT_EQ(samples.values.size(), series.size());
    const std::vector<double> values(samples.values.begin(), samples.values.end() - 1);
    EXPECT_EQ(values, (std::vector<double>{3, 1, 2, 2, 1.5}));
    EXPECT_TRUE(std::isnan(samples.values.back()));
    const std::string text = write_metrics(TextFormat::open_metrics, families);
    for (const std::string& each : series) EXPECT_NE(text.find("\n" + each + " "), std::string::npos) << each;
}

TEST(GzipTest, IsOneMemberOfTheSameBytes) {
    const std::string text = std::string(100'000, 'a') + "end";
    const std::string packed = gzip(text);
    EXPECT_LT(packed.size(), 1'000u);
    z_stream stream{};
    ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string back(text.size() + 1, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(back.data());
    stream.avail_out = static_cast<uInt>(back.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    back.resize(stream.total_out);
    inflateEnd(&stream);
    EXPECT_EQ(back, text);
}

}  // namespace
}  // namespace mythos::monitor
