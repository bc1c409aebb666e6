#include "stats/close_reason.hpp"

#include <gtest/gtest.h>

namespace mythos::stats {
namespace {

TEST(CloseReasonTest, EachHasTheCounterThatBearsItsName) {
    for (std::size_t i = 0; i < kCloseReasons.size(); ++i) {
        const auto reason = static_cast<CloseReason>(i);
        const auto expected = [&](const std::string& type) {
            return "mythos_connections_closed_total{type=\"" + type + "\",reason=\"" + std::string(name_of(reason)) +
                   "\"}";
        };
        EXPECT_EQ(name_of(closed(reason, 0)), expected("websocket"));
        EXPECT_EQ(name_of(closed(reason, 1)), expected("sse"));
    }
    EXPECT_EQ(name_of(CloseReason::heartbeat_missed), "heartbeat_missed");
}

}  // namespace
}  // namespace mythos::stats
