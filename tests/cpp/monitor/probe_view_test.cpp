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
        view_.emplace(*checker_, std::move(state), clock_);
    }
    void add(const char* name, bool critical = true) {
        ASSERT_TRUE(checker_->board().add({.name = name, .critical = critical, .tags = {"ready"}}, clock_.mono()));
    }
    void report(const char* name, Health status, const char* details = "") {
        checker_->board().report(name, {status, milliseconds(5), details}, clock_.mono(), clock_.wall());
    }
    static json body(const HttpResponse& response) { return json::parse(response.body); }

    test::MemoryFile stream_;
    ManualClock clock_;
    observe::ErrorTracker errors_{clock_};
    std::unique_ptr<observe::Logging> logging_;
    std::optional<HealthChecker> checker_;
    std::optional<ProbeView> view_;
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
    EXPECT_EQ(body(view_->ready())["reasons"], json({"check:db"})) << "nobody has looked yet";
    report("db", Health::degraded);
    EXPECT_EQ(view_->ready().status, 200);
    EXPECT_EQ(body(view_->ready()), json({{"status", "ready"}}));
    add("ads", false);
    report("ads", Health::unhealthy);
    EXPECT_EQ(view_->ready().status, 200) << "it is not critical";
    has_room_ = false;
    EXPECT_EQ(view_->ready().status, 503);
    EXPECT_EQ(body(view_->ready()), json({{"status", "unready"}, {"reasons", {"connection_limit"}}}));
    draining_ = true;
    EXPECT_EQ(body(view_->ready())["status"], "draining");
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
    const HttpResponse told = view_->health("");
    EXPECT_EQ(told.status, 200) << "degraded serves";
    EXPECT_EQ(body(told), json({{"status", "degraded"},
                                {"timestamp", iso8601(clock_.wall())},
                                {"version", MYTHOS_VERSION},
                                {"uptime", 3},
                                {"components", {{"database", "healthy"}, {"memory", "degraded"}}}}));
    add("game");
    report("game", Health::unhealthy);
    EXPECT_EQ(view_->health("").status, 503);
    EXPECT_EQ(body(view_->health("*/*"))["status"], "unhealthy");
}

TEST_F(ProbeViewTest, DetailsSayHowOldTheyAre) {
    add("database");
    report("database", Health::healthy, R"({"connection_count":10,"status":"a lie","stale":"another"})");
    const WallTime then = clock_.wall();
    clock_.advance(seconds(4));
    const json database = body(view_->detailed(""))["components"]["database"];
    EXPECT_EQ(database, json({{"status", "healthy"},
                              {"response_time_ms", 5.0},
                              {"connection_count", 10},
                              {"time", iso8601(then)},
                              {"age_ms", 4'000},
                              {"stale", false},
                              {"critical", true},
                              {"tags", {"ready"}}}));
    clock_.advance(seconds(20));
    const json late = body(view_->detailed(""))["components"]["database"];
    EXPECT_EQ(late["stale"], true);
    EXPECT_EQ(late["status"], "unhealthy");
}

TEST_F(ProbeViewTest, TheDraftsFormByNegotiation) {
    add("database");
    add("memory", false);
    report("database", Health::healthy, R"({"response_time_ms":5.2})");
    report("memory", Health::unhealthy, R"({"usage_percentage":95.5})");
    const HttpResponse told = view_->health("application/health+json");
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
    EXPECT_EQ(body(view_->detailed("application/health+json"))["status"], "fail");
    EXPECT_EQ(view_->detailed("application/health+json").status, 503);
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
