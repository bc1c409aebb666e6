#include "monitor/metrics.hpp"
#include "monitor/exposition.hpp"

#include <map>
#include <sstream>

#include "hub/hub_fixture.hpp"

namespace mythos::monitor {
namespace {

using hub::test::HubTest;

// The samples of the text format by series, checked for what every scraper relies on.
std::map<std::string, double> samples_of(const std::string& text) {
    std::map<std::string, double> samples;
    std::map<std::string, std::string> types;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# TYPE ")) {
            const std::string rest = line.substr(7), family = rest.substr(0, rest.find(' '));
            EXPECT_TRUE(types.emplace(family, rest.substr(rest.find(' ') + 1)).second) << family << " comes twice";
        } else if (!line.starts_with('#')) {
            const std::size_t space = line.rfind(' ');
            EXPECT_TRUE(samples.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second) << line;
        } else {
            EXPECT_TRUE(line.starts_with("# HELP ") && line.ends_with('.')) << line;
        }
    }
    for (const auto& [series, value] : samples) {
        const std::string name = series.substr(0, series.find('{'));
        const bool part = name.ends_with("_bucket") || name.ends_with("_sum") || name.ends_with("_count");
        EXPECT_TRUE(types.contains(name) || (part && types.contains(name.substr(0, name.rfind('_'))))) << series;
    }
    return samples;
}

class MetricsTest : public HubTest {
protected:
    std::map<std::string, double> scrape() {
        const Statistics statistics(*node_, now());
        return samples_of(write_metrics(TextFormat::prometheus, Metrics(*node_, statistics).Collect()));
    }
};

TEST_F(MetricsTest, EveryCounterAndLatencyIsThereUnderItsNameAndWithItsNumber) {
    start(2);
    subscribe(ws({.player = "p1"}), "room");
    subscribe(sse({.player = "p2", .loop = 1}), "room");
    say("room");
    const auto samples = scrape();
    for (std::size_t i = 0; i < stats::kCounters; ++i) {
        const auto counter = static_cast<stats::Counter>(i);
        const std::string name(stats::name_of(counter));
        ASSERT_TRUE(samples.contains(name)) << name;
        EXPECT_EQ(samples.at(name), static_cast<double>(count(counter))) << name;
        EXPECT_FALSE(help_of_counter(series_name(name).family).empty()) << name;
    }
    EXPECT_EQ(samples.at("mythos_deliveries_total{status=\"written\"}"), 2);
    EXPECT_EQ(samples.at("mythos_message_delivery_seconds_count"), 2);
    EXPECT_EQ(samples.at("mythos_active_connections"), 2);
    EXPECT_EQ(samples.at("mythos_connections_total"), 2);
    EXPECT_EQ(samples.at("mythos_sessions_total"), 2);
    EXPECT_EQ(samples.at("mythos_message_delivery_success_rate"), 100);
    EXPECT_GT(samples.at("process_resident_memory_bytes"), 1e6);
}

TEST_F(MetricsTest, BucketsAreCumulativeAndExactAtTheirEdges) {
    start();
    auto& shard = *node_->shards(stats::Latency::rtt_websocket)[0];
    for (const Duration length : {microseconds(100), microseconds(101), milliseconds(500), milliseconds(501),
                                  seconds(2), seconds(3), seconds(20'000)})
        shard.record(length);
    const auto samples = scrape();
    const auto at = [&](const std::string& edge) {
        return samples.at("mythos_connection_rtt_seconds_bucket{type=\"websocket\",le=\"" + edge + "\"}");
    };
    EXPECT_EQ(at("0.0001"), 1);
    EXPECT_EQ(at("0.00025"), 2);
    EXPECT_EQ(at("0.5"), 3);
    EXPECT_EQ(at("1"), 4);
    EXPECT_EQ(at("2"), 5);
    EXPECT_EQ(at("3600"), 6);
    EXPECT_EQ(at("+Inf"), 7);
    EXPECT_EQ(samples.at("mythos_connection_rtt_seconds_count{type=\"websocket\"}"), 7);
}

TEST(SeriesNameTest, IsTakenApart) {
    const SeriesName labelled = series_name(R"(mythos_x_total{type="sse",reason="too_slow"})");
    EXPECT_EQ(labelled.family, "mythos_x_total");
    using Label = std::pair<std::string_view, std::string_view>;
    EXPECT_EQ(labelled.labels, (std::vector<Label>{{"type", "sse"}, {"reason", "too_slow"}}));
    EXPECT_EQ(series_name("mythos_y_total").family, "mythos_y_total");
    EXPECT_TRUE(series_name("mythos_y_total").labels.empty());
}

}  // namespace
}  // namespace mythos::monitor
