// How long a loop took to answer HTTP requests, by method and route.
//
// Thread-safety: the loop's own thread records; any thread reads.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "stats/edge_shard.hpp"
#include "transport/http_router.hpp"

namespace mythos::transport {

class RequestTimes {
public:
    // A row for each route with its method, one for each with HEAD, and one for requests that found no route.
    static constexpr std::size_t kRows = 2 * kRoutes + 1;

    // `route`: none for a request that found none.
    void record(std::optional<Route> route, bool head, Duration took);

    struct Row {
        std::string_view method, endpoint;
        const stats::EdgeShard& times;
    };
    Row row(std::size_t index) const;

private:
    std::array<stats::EdgeShard, kRows> times_;
};

}  // namespace mythos::transport
