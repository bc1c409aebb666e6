#include "monitor/health_checker.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "base/manual_clock.hpp"
#include "observe/temporary.hpp"

namespace mythos::monitor {
namespace {

using nlohmann::json;
using observe::CheckResult;
using observe::Health;

class HealthCheckerTest : public testing::Test {
protected:
    HealthCheckerTest() {
        observe::LogSettings settings;
        settings.output = stream_.descriptor();
        logging_ = std::move(observe::Logging::open(settings, clock_).value());
        errors_.set_log(logging_->named("server"));
        checker_.emplace(clock_, logging_->named("server.monitoring"), errors_, seconds(10));
    }
    Health status(const char* name) { return checker_->report().find(name)->status; }
    std::vector<json> lines() {
        checker_.reset();
        logging_.reset();
        std::vector<json> all;
        std::istringstream text(stream_.content());
        for (std::string line; std::getline(text, line);) all.push_back(json::parse(line));
        return all;
    }

    test::MemoryFile stream_;
    ManualClock clock_;
    observe::ErrorTracker errors_{clock_};
    std::unique_ptr<observe::Logging> logging_;
    std::optional<HealthChecker> checker_;
};

TEST_F(HealthCheckerTest, ChecksEachInterval) {
    int runs = 0;
    checker_->add({.name = "memory"}, [&](Health) {
        ++runs;
        return CheckResult{};
    });
    checker_->step();
    EXPECT_EQ(runs, 1) << "at once";
    clock_.advance(seconds(9));
    checker_->step();
    EXPECT_EQ(runs, 1);
    clock_.advance(seconds(2));
    checker_->step();
    EXPECT_EQ(runs, 2) << "a tenth late at most";
    checker_->set_interval(seconds(100));
    checker_->step();
    EXPECT_EQ(runs, 3) << "a new interval begins at once";
    clock_.advance(seconds(99));
    checker_->step();
    EXPECT_EQ(runs, 3);
    EXPECT_FALSE(checker_->report().find("memory")->stale) << "the board knows of it";
}

TEST_F(HealthCheckerTest, ACheckKnowsWhatItSaidBefore) {
    std::vector<Health> before;
    checker_->add({.name = "memory"}, [&](Health last) {
        before.push_back(last);
        return CheckResult{Health::degraded};
    });
    checker_->step();
    clock_.advance(seconds(11));
    checker_->step();
    EXPECT_EQ(before, (std::vector{Health::healthy, Health::degraded}));
}

TEST_F(HealthCheckerTest, OneThatThrowsIsUnhealthyAndTellsNobodyWhy) {
    checker_->add({.name = "memory"}, [](Health) -> CheckResult { throw std::runtime_error("secret"); });
    checker_->step();
    EXPECT_EQ(status("memory"), Health::unhealthy);
    EXPECT_EQ(checker_->report().find("memory")->details, "");
    const auto log = lines();
    ASSERT_EQ(log.size(), 2u);
    EXPECT_EQ(log[0]["fault"], "secret");
    EXPECT_EQ(log[0]["component"], "memory");
    EXPECT_EQ(log[1]["event"], "Health changed");
}

TEST_F(HealthCheckerTest, ChangesAreToldOnce) {
    Health said = Health::healthy;
    checker_->add({.name = "memory"}, [&](Health) { return CheckResult{said}; });
    const auto run = [&](Health each, int times) {
        said = each;
        for (int i = 0; i < times; ++i) {
            clock_.advance(seconds(11));
            checker_->step();
        }
    };
    run(Health::healthy, 2);
    run(Health::unhealthy, 5);
    run(Health::healthy, 3);
    const auto log = lines();
    ASSERT_EQ(log.size(), 2u);
    EXPECT_EQ(log[0]["component"], "memory");
    EXPECT_EQ(log[0]["from"], "healthy");
    EXPECT_EQ(log[0]["to"], "unhealthy");
    EXPECT_EQ(log[0]["level"], "warning");
    EXPECT_EQ(log[1]["to"], "healthy");
    EXPECT_EQ(log[1]["level"], "info");
}

TEST_F(HealthCheckerTest, WhatReportsFromElsewhereTurnsStaleWhenItStops) {
    ASSERT_TRUE(checker_->board().add({.name = "db"}, clock_.mono()));
    checker_->board().report("db", {Health::healthy}, clock_.mono(), clock_.wall());
    checker_->step();
    clock_.advance(seconds(20));
    checker_->step();
    EXPECT_EQ(status("db"), Health::unhealthy);
    const auto log = lines();
    ASSERT_EQ(log.size(), 1u);
    EXPECT_EQ(log[0]["stale"], true);
}

TEST_F(HealthCheckerTest, WhoWantsIsToldOfEachChange) {
    std::vector<std::string> told;
    checker_->on_change([&](const std::string& component, Health from, Health to) {
        told.push_back(component + " " + std::string(name_of(from)) + " " + std::string(name_of(to)));
    });
    checker_->add({.name = "disk"}, [](Health) { return CheckResult{Health::degraded}; });
    checker_->step();
    checker_->step();
    EXPECT_EQ(told, std::vector<std::string>{"disk healthy degraded"});
}

TEST_F(HealthCheckerTest, GoesOnByItselfAndEndsAtOnce) {
    std::atomic<int> seconds_seen{0};
    checker_->each_second([&](MonoTime) { ++seconds_seen; });
    checker_->start();
    while (seconds_seen < 2) std::this_thread::yield();
    checker_.reset();
}

}  // namespace
}  // namespace mythos::monitor
