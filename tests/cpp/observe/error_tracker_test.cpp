#include "observe/error_tracker.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/manual_clock.hpp"
#include "observe/temporary.hpp"

namespace mythos::observe {
namespace {

using nlohmann::json;
using stats::Counter;
using stats::ErrorType;
using stats::Severity;

class ErrorTrackerTest : public testing::Test {
protected:
    ErrorTrackerTest() {
        LogSettings settings;
        settings.output = stream_.descriptor();
        logging_ = std::move(Logging::open(settings, clock_).value());
    }

    std::vector<json> lines() {
        logging_.reset();
        std::vector<json> all;
        std::istringstream text(stream_.content());
        for (std::string line; std::getline(text, line);) all.push_back(json::parse(line));
        return all;
    }

    test::MemoryFile stream_;
    ManualClock clock_;
    std::unique_ptr<Logging> logging_;
    stats::CounterShard counters_;
};

TEST_F(ErrorTrackerTest, OneCallCountsKeepsGroupsAndLogs) {
    ErrorTracker errors(clock_);
    errors.set_log(logging_->named("server"));
    errors.record(counters_, Counter::rejected_bad_cursor,
                  {.player_id = "ann", .session_id = "s1", .event = "WebSocket connection failed"},
                  {{"close_code", 1008}});
    EXPECT_EQ(counters_.read(Counter::rejected_bad_cursor), 1u);

    const auto recent = errors.recent(10);
    ASSERT_EQ(recent.size(), 1u);
    EXPECT_EQ(recent[0].type, ErrorType::validation);
    EXPECT_EQ(recent[0].severity, Severity::low);
    EXPECT_EQ(recent[0].code, "bad_cursor");
    EXPECT_EQ(recent[0].message, "WebSocket connection failed: the cursor cannot be read");
    EXPECT_EQ(recent[0].player_id, "ann");
    EXPECT_EQ(recent[0].session_id, "s1");
    EXPECT_EQ(recent[0].details, R"({"close_code":1008})");
    EXPECT_EQ(recent[0].at, clock_.wall());

    const auto groups = errors.groups();
    ASSERT_EQ(groups.size(), 1u);
    EXPECT_EQ(groups[0].fingerprint(), "validation_error/bad_cursor");
    EXPECT_EQ(groups[0].count, 1u);

    const auto log = lines();
    ASSERT_EQ(log.size(), 1u);
    EXPECT_EQ(log[0]["event"], "WebSocket connection failed");
    EXPECT_EQ(log[0]["level"], "warning");
    EXPECT_EQ(log[0]["error_type"], "validation_error");
    EXPECT_EQ(log[0]["severity"], "low");
    EXPECT_EQ(log[0]["error_code"], "bad_cursor");
    EXPECT_EQ(log[0]["player_id"], "ann");
    EXPECT_EQ(log[0]["close_code"], 1008);
    EXPECT_FALSE(log[0].contains("connection_id")) << "what is not known is absent";
}

TEST_F(ErrorTrackerTest, WhatIsNoErrorIsCountedAndToldAndNotKept) {
    ErrorTracker errors(clock_);
    errors.set_log(logging_->named("server"));
    errors.tell(counters_, Counter::gaps_session_expired, "Messages not delivered", {.connection_id = "k1"});
    errors.tell(Counter::accounts_unsent, "Messages not delivered", {.player_id = "ann"}, {{"unsent", 3}});
    EXPECT_EQ(counters_.read(Counter::gaps_session_expired), 1u);
    EXPECT_EQ(errors.count(Counter::accounts_unsent), 1u);
    EXPECT_TRUE(errors.recent(10).empty() && errors.groups().empty());
    const auto log = lines();
    ASSERT_EQ(log.size(), 2u);
    EXPECT_EQ(log[0]["connection_id"], "k1");
    EXPECT_EQ(log[1]["level"], "info");
    EXPECT_EQ(log[1]["player_id"], "ann");
    EXPECT_EQ(log[1]["unsent"], 3);
    EXPECT_FALSE(log[1].contains("error_type"));
}

TEST_F(ErrorTrackerTest, KeepsTheNewestAndSaysHowManyItLetGo) {
    ErrorTracker errors(clock_, 3);
    for (const char* player : {"a", "b", "c", "d", "e"}) {
        errors.record(counters_, Counter::http_not_found, {.player_id = player});
    }
    const auto recent = errors.recent(2);
    ASSERT_EQ(recent.size(), 2u);
    EXPECT_EQ(recent[0].player_id, "e");
    EXPECT_EQ(recent[1].player_id, "d");
    EXPECT_EQ(errors.recent(100).size(), 3u);
    EXPECT_EQ(errors.let_go(), 2u);
    EXPECT_EQ(counters_.read(Counter::http_not_found), 5u);
    EXPECT_EQ(errors.groups()[0].count, 5u);
}

TEST_F(ErrorTrackerTest, AFloodIsAFewLinesAndTheNextSaysHowManyWereLeftOut) {
    ErrorTracker errors(clock_);
    errors.set_log(logging_->named("server"));
    for (std::uint64_t i = 0; i < kErrorLinesEach + 7; ++i) errors.record(counters_, Counter::rejected_draining, {});
    errors.record(counters_, Counter::rejected_overloaded, {});  // another one is not drowned
    errors.tick();
    clock_.advance(kErrorLinesTime);
    errors.record(counters_, Counter::rejected_draining, {});
    EXPECT_EQ(counters_.read(Counter::rejected_draining), kErrorLinesEach + 8);
    const auto log = lines();
    ASSERT_EQ(log.size(), kErrorLinesEach + 2);
    EXPECT_EQ(log[kErrorLinesEach]["error_code"], "overloaded");
    EXPECT_FALSE(log[kErrorLinesEach].contains("left_out"));
    EXPECT_EQ(log.back()["left_out"], 7);
}

TEST_F(ErrorTrackerTest, AFloodThatEndedIsToldByTheTick) {
    ErrorTracker errors(clock_);
    errors.set_log(logging_->named("server"));
    for (std::uint64_t i = 0; i < kErrorLinesEach + 2; ++i) errors.record(counters_, Counter::rejected_draining, {});
    clock_.advance(kErrorLinesTime);
    errors.tick();
    errors.tick();
    const auto log = lines();
    ASSERT_EQ(log.size(), kErrorLinesEach + 1);
    EXPECT_EQ(log.back()["event"], "Errors left out of the log");
    EXPECT_EQ(log.back()["error_code"], "draining");
    EXPECT_EQ(log.back()["left_out"], 2);
}

TEST_F(ErrorTrackerTest, GroupsKnowTheirFirstAndLastAndAreBounded) {
    ErrorTracker errors(clock_);
    const WallTime first = clock_.wall();
    for (std::size_t i = 0; i < kErrorGroupsMax + 5; ++i) {
        const std::string code = "code" + std::to_string(i);
        errors.record_own(ErrorType::system, Severity::high, {.code = code});
    }
    clock_.advance(seconds(5));
    errors.record_own(ErrorType::system, Severity::low, {.code = "code0"});
    EXPECT_EQ(errors.ungrouped(), 5u);
    const auto groups = errors.groups();
    ASSERT_EQ(groups.size(), kErrorGroupsMax + 1);
    EXPECT_EQ(groups[0].fingerprint(), "system_error/other");
    EXPECT_EQ(groups[0].count, 5u);
    EXPECT_EQ(groups[1].fingerprint(), "system_error/code0");
    EXPECT_EQ(groups[1].count, 2u);
    EXPECT_EQ(groups[1].first, first);
    EXPECT_EQ(groups[1].last, clock_.wall());
    EXPECT_EQ(errors.count_own(index_of(ErrorType::system, Severity::high)), kErrorGroupsMax + 5);
}

TEST_F(ErrorTrackerTest, AnExceptionsTextStaysInTheLog) {
    ErrorTracker errors(clock_);
    errors.set_log(logging_->named("server"));
    errors.record(counters_, Counter::operation_faults, {.exception = "bad_alloc at 0x1234"});
    const auto recent = errors.recent(1);
    EXPECT_EQ(recent[0].message + recent[0].details,
              "Operation failed: an operation of the server ended by an exception");
    const auto log = lines();
    EXPECT_EQ(log[0]["fault"], "bad_alloc at 0x1234");
    EXPECT_EQ(log[0]["level"], "critical");
}

TEST_F(ErrorTrackerTest, ThreadsWithoutAShardCountHere) {
    ErrorTracker errors(clock_, 10);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 1'000; ++n) errors.record(Counter::log_drops, {});
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(errors.count(Counter::log_drops), 4'000u);
    EXPECT_EQ(errors.groups()[0].count, 4'000u);
    EXPECT_EQ(errors.let_go(), 3'990u);
}

}  // namespace
}  // namespace mythos::observe
