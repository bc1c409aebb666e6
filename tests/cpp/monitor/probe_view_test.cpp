#include "monitor/probe_view.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/manual_clock.hpp"
#include "observe/temporary.hpp"

namespace mythos::monitor {
namespace {

using nlohmann::json;
using observe::Health;
using transport::HttpResponse;

class ProbeViewTest : public testing::Test {
protected:
    ProbeViewTest() {
        observe::LogSettings settings;
        settings.output = stream_.descriptor();
        logging_ = std::move(observe::Logging::open(settings, clock_).value());
        checker_.emplace(clock_, logging_->named("server"), errors_, seconds(10));
        ServerState state;
        state.draining = [this] { return draining_; };
        state.has_room = [this] { return has_room_; };
        state.loops_turn = [this](MonoTime) { return turns_; };
        LiveFigures figures;
        figures.connections = [this] { return counts_; };
        figures.requests = [](stats::Window window) {
            return RequestFigures{window == stats::Window::hour ? 40.0 : 20.0, 2.5};
        };
        figures.connection_health = [](stats::Window window) {
            return stats::LevelWindows::Reading{98, 75, 100, window == stats::Window::minute ? 60.0 : 90.0};
        };
        view_.emplace(*checker_, std::move(state), std::move(figures), clock_);
    }
    void add(const char* name, bool critical = true) {
        ASSERT_TRUE(checker_->board().add({.name = name, .critical = critical, .tags = {"ready"}}, clock_.mono()));
    }
    void report(const char* name, Health status, const char* details = "") {
        checker_->board().report(name, {status, milliseconds(5), details}, clock_.mono(), clock_.wall());
    }
    static json body(const HttpResponse& response) { return json::parse(response.body); }
    HttpResponse ready(const char* query = "") { return view_->ready(query).value(); }
    HttpResponse health(const char* accept = "") { return view_->health({.accept = accept}).value(); }
    HttpResponse detailed(const char* accept = "") { return view_->detailed({.accept = accept}).value(); }

    test::MemoryFile stream_;
    ManualClock clock_;
    observe::ErrorTracker errors_{clock_};
    std::unique_ptr<observe::Logging> logging_;
    std::optional<HealthChecker> checker_;
    std::optional<ProbeView> view_;
    ConnectionCounts counts_;
    bool draining_ = false, has_room_ = true, turns_ = true;
};

TEST_F(ProbeViewTest, LivenessIsTheLoopsAlone) {
    add("db");
    report("db", Health::unhealthy);
    draining_ = true;
    EXPECT_EQ(view_->live().status, 200);
    turns_ = false;
    EXPECT_EQ(view_->live().status, 503);
}

TEST_F(ProbeViewTest, ReadinessNamesWhatIsMissing) {
    add("db");
    EXPECT_EQ(body(ready())["reasons"], json({"check:db"})) << "nobody has looked yet";
    report("db", Health::degraded);
    EXPECT_EQ(ready().status, 200);
    EXPECT_EQ(body(ready()), json({{"status", "ready"}}));
    add("ads", false);
    report("ads", Health::unhealthy);
    EXPECT_EQ(ready().status, 200) << "it is not critical";
    has_room_ = false;
    EXPECT_EQ(ready().status, 503);
    EXPECT_EQ(body(ready()), json({{"status", "unready"}, {"reasons", {"connection_limit"}}}));
    draining_ = true;
    EXPECT_EQ(body(ready())["status"], "draining");
}

TEST_F(ProbeViewTest, StartedOnceEachCriticalCheckHasReported) {
    add("db");
    EXPECT_EQ(view_->startup().status, 503);
    EXPECT_EQ(body(view_->startup())["reasons"], json({"check:db"}));
    report("db", Health::unhealthy);
    EXPECT_EQ(view_->startup().status, 200);
}

TEST_F(ProbeViewTest, HealthIsAsTheGuideHasIt) {
    add("database");
    add("memory");
    report("database", Health::healthy);
    report("memory", Health::degraded);
    clock_.advance(seconds(3));
    const HttpResponse told = health();
    EXPECT_EQ(told.status, 200) << "degraded serves";
    json found = body(told);
    found.erase("windows");
    EXPECT_EQ(found, json({{"status", "degraded"},
                           {"timestamp", iso8601(clock_.wall())},
                           {"version", MYTHOS_VERSION},
                           {"uptime", 3},
                           {"components", {{"database", "healthy"}, {"memory", "degraded"}}},
                           {"window", "5m"}}));
    add("game");
    report("game", Health::unhealthy);
    EXPECT_EQ(health().status, 503);
    EXPECT_EQ(body(health("*/*"))["status"], "unhealthy");
}

TEST_F(ProbeViewTest, FiguresAreThoseOfNowAndJudgementsThoseOfTheChecks) {
    add("connections");
    add("performance", false);
    report("connections", Health::degraded);
    report("performance", Health::healthy);
    clock_.advance(seconds(4));
    counts_ = {4, 3};
    json told = body(detailed())["components"];
    EXPECT_EQ(told["connections"]["total_connections"], 4) << "whatever the check saw 4 s ago";
    EXPECT_EQ(told["connections"]["healthy_connections"], 3);
    EXPECT_EQ(told["connections"]["unhealthy_connections"], 1);
    EXPECT_EQ(told["connections"]["health_percentage"], 75);
    EXPECT_EQ(told["connections"]["status"], "degraded");
    EXPECT_EQ(told["connections"]["age_ms"], 4'000);
    EXPECT_EQ(told["performance"]["avg_response_time_ms"], 20);
    EXPECT_EQ(told["performance"]["requests_per_second"], 2.5);
    told = body(view_->detailed({.window = stats::Window::hour}).value());
    EXPECT_EQ(told["window"], "1h");
    EXPECT_EQ(told["components"]["performance"]["avg_response_time_ms"], 40);
    EXPECT_EQ(told["windows"].size(), 4u);
    EXPECT_EQ(told["windows"]["1m"], json::parse(R"({"window_seconds":60.0,
        "connections":{"health_percentage":98.0,"lowest_health_percentage":75.0},
        "performance":{"avg_response_time_ms":20.0,"requests_per_second":2.5}})"));
    EXPECT_EQ(told["windows"], body(health())["windows"]);
    counts_ = {};
    EXPECT_EQ(body(detailed("application/health+json"))["checks"]["connections:healthy"][0]["observedValue"], 100);
}

TEST_F(ProbeViewTest, AsksOfTheComponentsWithATag) {
    add("db");
    report("db", Health::healthy);
    ASSERT_TRUE(checker_->board().add({.name = "game", .tags = {"deep", "slow"}}, clock_.mono()));
    report("game", Health::unhealthy);
    EXPECT_EQ(health().status, 503);
    const json of_ready = body(view_->health({.tag = "ready"}).value());
    EXPECT_EQ(of_ready["status"], "healthy");
    EXPECT_EQ(of_ready["components"], json({{"db", "healthy"}}));
    EXPECT_EQ(view_->detailed({.tag = "slow"}).value().status, 503);
    EXPECT_EQ(ready().status, 503);
    EXPECT_EQ(ready("tag=ready").status, 200);
    EXPECT_EQ(ready("tag=").status, 503) << "of all";
    EXPECT_EQ(body(ready("tag=deep"))["reasons"], json({"check:game"}));
    EXPECT_EQ(view_->health({.tag = "raedy"}).error().code, "not_found") << "a slip must not be healthy";
    EXPECT_EQ(view_->ready("tag=raedy").error().code, "not_found");
    EXPECT_EQ(view_->ready("tag=%").error().code, "bad_request");
}

TEST_F(ProbeViewTest, QuestionsAreReadFromTheQuery) {
    const auto read = [](const char* query) { return HealthQuestion::read({transport::Route::health, {}, query}); };
    EXPECT_EQ(read("").value().window, stats::Window::five_minutes);
    EXPECT_EQ(read("window=24h&tag=a").value().window, stats::Window::day);
    EXPECT_EQ(read("window=24h&tag=a").value().tag, "a");
    for (const char* wrong : {"window=zz", "window=", "tag=%"}) EXPECT_EQ(read(wrong).error().code, "bad_request");
}

TEST_F(ProbeViewTest, DetailsSayHowOldTheyAre) {
    add("database");
    report("database", Health::healthy, R"({"connection_count":10,"status":"a lie","stale":"another"})");
    const WallTime then = clock_.wall();
    clock_.advance(seconds(4));
    const json database = body(detailed())["components"]["database"];
    EXPECT_EQ(database, json({{"status", "healthy"},
                              {"response_time_ms", 5.0},
                              {"connection_count", 10},
                              {"time", iso8601(then)},
                              {"age_ms", 4'000},
                              {"stale", false},
                              {"critical", true},
                              {"tags", {"ready"}}}));
    clock_.advance(seconds(20));
    const json late = body(detailed())["components"]["database"];
    EXPECT_EQ(late["stale"], true);
    EXPECT_EQ(late["status"], "unhealthy");
}

TEST_F(ProbeViewTest, TheDraftsFormByNegotiation) {
    add("database");
    add("memory", false);
    report("database", Health::healthy, R"({"response_time_ms":5.2})");
    report("memory", Health::unhealthy, R"({"usage_percentage":95.5})");
    const HttpResponse told = health("application/health+json");
    EXPECT_EQ(told.content_type, "application/health+json");
    EXPECT_EQ(told.status, 200);
    const json all = body(told);
    EXPECT_EQ(all["status"], "warn");
    EXPECT_EQ(all["checks"]["database:responseTime"][0]["observedValue"], 5.2);
    EXPECT_EQ(all["checks"]["database:responseTime"][0]["componentType"], "datastore");
    EXPECT_EQ(all["checks"]["memory:utilization"][0]["status"], "fail");
    EXPECT_EQ(all["checks"]["memory:utilization"][0]["observedUnit"], "percent");
    report("database", Health::unhealthy);
    report("database", Health::unhealthy);
    report("database", Health::unhealthy);
    EXPECT_EQ(body(detailed("application/health+json"))["status"], "fail");
    EXPECT_EQ(detailed("application/health+json").status, 503);
}

TEST_F(ProbeViewTest, PreferenceGoesByQuality) {
    for (const char* yes :
         {"application/health+json", "Application/Health+JSON", "text/html, application/health+json;q=0.5",
          "application/json;q=0.5, application/health+json"})
        EXPECT_TRUE(prefers_health_json(yes)) << yes;
    for (const char* no : {"", "*/*", "application/json", "application/health+json;q=0",
                           "application/json, application/health+json;q=0.9", "application/health+jsonx", ",,;q="})
        EXPECT_FALSE(prefers_health_json(no)) << no;
}

}  // namespace
}  // namespace mythos::monitor
