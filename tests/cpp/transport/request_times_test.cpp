#include "transport/request_times.hpp"

#include <gtest/gtest.h>

namespace mythos::transport {
namespace {

TEST(RequestTimesTest, EachRouteHasARowUnderItsTemplate) {
    RequestTimes times;
    times.record(Route::history, false, milliseconds(3));
    times.record(Route::history, true, milliseconds(3));
    times.record(std::nullopt, false, milliseconds(-1));
    const auto count = [](const RequestTimes::Row& row) {
        std::uint64_t all = 0;
        for (std::size_t edge = 0; edge <= row.times.edges().size(); ++edge) all += row.times.edge_count(edge);
        return all;
    };
    std::vector<std::string> told;
    for (std::size_t i = 0; i < RequestTimes::kRows; ++i) {
        const auto row = times.row(i);
        EXPECT_FALSE(row.endpoint.empty());
        for (std::uint64_t n = 0; n < count(row); ++n)
            told.push_back(std::string(row.method) + " " + std::string(row.endpoint));
    }
    EXPECT_EQ(told,
              (std::vector<std::string>{"GET /api/history/{channel}", "HEAD /api/history/{channel}", "other other"}));
    EXPECT_EQ(times.row(2 * static_cast<std::size_t>(Route::history)).times.sum(), 3'000'000u);
}

}  // namespace
}  // namespace mythos::transport
