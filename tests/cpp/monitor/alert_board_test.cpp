// What the alert engine told, and that there is none.
#include "monitor/alert_board.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/manual_clock.hpp"
#include "monitor/asked.hpp"

namespace mythos::monitor {
namespace {

using nlohmann::json;

class AlertBoardTest : public testing::Test {
protected:
    json told(const std::string& query = "") {
        Answers answers(errors_);
        add_alert_view(answers, board_);
        return json::parse(asked(answers, {.route = transport::Route::alerts, .query = query})->body);
    }

    ManualClock clock_;
    observe::ErrorTracker errors_{clock_};
    Transitions transitions_;
    AlertBoard board_{clock_, transitions_};
};

TEST_F(AlertBoardTest, SaysThatNoEngineRuns) {
    const json answer = told();
    EXPECT_EQ(answer["enabled"], false);
    EXPECT_EQ(answer["alerts"], json::array());
    std::vector<prometheus::MetricFamily> metrics;
    board_.add_metrics(metrics);
    EXPECT_TRUE(metrics.empty());
}

TEST_F(AlertBoardTest, NotesWhenAnAlertBeginsChangesAndEnds) {
    const auto tell = [&](const std::string& alerts) { board_.tell(R"({"alerts":[)" + alerts + "]}", {}); };
    const auto alert = [](const std::string& fingerprint, const std::string& state) {
        return R"({"fingerprint":")" + fingerprint + R"(","alertname":"Lag","state":")" + state +
               R"(","labels":{"alertname":"Lag"}})";
    };
    tell(alert("a", "pending"));
    tell(alert("a", "pending"));
    tell(alert("a", "firing") + "," + alert("b", "pending"));
    tell(alert("b", "pending"));
    board_.clear();
    std::string seen;
    for (const auto& row : transitions_.json(clock_.wall())) {
        EXPECT_EQ(row["name"], "Lag");
        EXPECT_EQ(row["labels"]["alertname"], "Lag");
        seen += row["fingerprint"].get<std::string>() + ":" + row["from"].get<std::string>() + ">" +
                row["to"].get<std::string>() + " ";
    }
    EXPECT_EQ(seen, "a:inactive>pending a:pending>firing b:inactive>pending a:firing>inactive b:pending>inactive ");
}

TEST_F(AlertBoardTest, TellsTheLastReportWithItsAgeAndItsMetrics) {
    board_.tell(R"({"alerts":[{"state":"firing"}]})",
                {{"mythos_alerts", "Alerts.", prometheus::MetricType::Gauge, {{}}}});
    clock_.advance(milliseconds(1'500));
    const json answer = told();
    EXPECT_EQ(answer["enabled"], true);
    EXPECT_EQ(answer["age_ms"], 1'500.0);
    EXPECT_EQ(answer["alerts"][0]["state"], "firing");
    std::vector<prometheus::MetricFamily> metrics;
    board_.add_metrics(metrics);
    ASSERT_EQ(metrics.size(), 1u);
    EXPECT_EQ(metrics[0].name, "mythos_alerts");

    board_.clear();
    EXPECT_EQ(told()["enabled"], false);
}

TEST_F(AlertBoardTest, TellsOfOneAlertAloneWhatIsAboutIt) {
    const json report{{"alerts", {{{"alertname", "Lag"}, {"value", 1}}, {{"alertname", "Down here"}, {"value", 2}}}},
                      {"groups",
                       {{{"name", "one"}, {"rules", {{{"name", "Lag"}}}}},
                        {{"name", "two"}, {"rules", {{{"name", "lag:rate"}}, {{"name", "Down here"}}}}}}},
                      {"notifications", {{"failed", 0}}}};
    board_.tell(report.dump(), {});
    EXPECT_EQ(told()["groups"], report["groups"]);
    for (const std::string query : {"alertname=Down%20here", "alertname=Down+here"}) {
        const json answer = told(query);
        EXPECT_EQ(answer["enabled"], true);
        EXPECT_EQ(answer["alerts"], json::array({report["alerts"][1]}));
        ASSERT_EQ(answer["groups"].size(), 1u);
        EXPECT_EQ(answer["groups"][0]["name"], "two");
        EXPECT_EQ(answer["groups"][0]["rules"], json::array({{{"name", "Down here"}}}));
        EXPECT_EQ(answer["notifications"], report["notifications"]);
    }
    const json none = told("alertname=Down");
    EXPECT_EQ(none["alerts"], json::array());
    EXPECT_EQ(none["groups"], json::array());
}

}  // namespace
}  // namespace mythos::monitor
