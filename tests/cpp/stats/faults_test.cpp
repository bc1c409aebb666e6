#include "stats/faults.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace mythos::stats {
namespace {

TEST(FaultsTest, EachStandsInTheTableOnce) {
    std::set<Counter> counters;
    for (const Fault& fault : all_faults()) {
        EXPECT_TRUE(counters.insert(fault.counter).second) << name_of(fault.counter);
        EXPECT_EQ(fault_of(fault.counter), &fault);
        EXPECT_FALSE(fault.event.empty() || fault.text.empty()) << name_of(fault.counter);
    }
}

TEST(FaultsTest, TheCodeIsTheLastLabelsOrTheCountersOwn) {
    EXPECT_EQ(code_of(*fault_of(Counter::rejected_draining)), "draining");
    EXPECT_EQ(code_of(*fault_of(Counter::command_error_bad_json)), "bad_json");
    EXPECT_EQ(code_of(*fault_of(Counter::operation_faults)), "operation_faults");
}

TEST(FaultsTest, EveryTypeAndSeverityIsThere) {
    std::set<std::string> types, severities;
    for (const Fault& fault : all_faults()) {
        types.emplace(name_of(fault.type));
        severities.emplace(name_of(fault.severity));
    }
    EXPECT_EQ(types.size(), kErrorTypes.size());
    EXPECT_EQ(severities.size(), kSeverities.size());
}

TEST(FaultsTest, WhatIsNoErrorHasNoRow) {
    EXPECT_EQ(fault_of(Counter::published), nullptr);
    EXPECT_EQ(fault_of(Counter::closed_sse_normal), nullptr);
    EXPECT_EQ(fault_of(Counter::slow_disconnects), nullptr) << "it is counted as a close that was too slow";
    EXPECT_EQ(fault_of(Counter::accounts_unsent), nullptr) << "who stays away has its entries unsent in the end";
}

// A refusal, or a failed command or request, that is no error has to be decided, not forgotten.
TEST(FaultsTest, EveryRefusalIsAnErrorOrIsSaidToBeNone) {
    const std::set<Counter> none{
        Counter::http_server_fault,              // an operation fault, counted as such
        Counter::command_error_server_fault,     // the same
        Counter::command_error_fire_and_forget,  // counted by its code as well
        Counter::command_error_other,            // an application's own answer
        Counter::gaps_session_expired,           // the player was away for longer than the session lasts
    };
    for (std::size_t i = 0; i < kCounters; ++i) {
        const auto counter = static_cast<Counter>(i);
        const std::string_view name = name_of(counter);
        const bool refuses = name.starts_with("mythos_connections_rejected") ||
                             name.starts_with("mythos_http_errors") || name.starts_with("mythos_command_errors") ||
                             name.starts_with("mythos_gaps");
        EXPECT_EQ(refuses && fault_of(counter) == nullptr, none.contains(counter)) << name;
    }
}

}  // namespace
}  // namespace mythos::stats
