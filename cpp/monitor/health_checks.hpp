// The server's own components: what each is judged by. Thresholds stand in observe/health.hpp.
//
// `connections`: how many in a hundred are healthy. `memory`: of what the process may have (memory_usage.hpp).
// `performance`: how long requests take; not critical, since what is slow still serves. `event_loops`: whether each
// loop has answered, and how soon. `database`: what the store's writes and its queue say; not critical either, and
// healthy where none is wanted.
//
// Connections and performance are only judged here: their figures are told as they are when somebody asks
// (probe_view.hpp).
#pragma once

#include <functional>
#include <vector>

#include "monitor/health_checker.hpp"
#include "store/store.hpp"

namespace mythos::monitor {

struct ConnectionCounts {
    std::size_t total = 0, healthy = 0;
    double health_percent() const;  // of none, all are healthy
};
struct RequestFigures {
    double average_ms = 0;
    double per_second = 0;
};
// Of one loop: how long it has owed a sign of life, and how long the last one took.
struct LoopSign {
    Duration silent{}, lag{};
};

// A loop that has owed a sign for so long counts as stuck.
inline constexpr Duration kLoopStuckAfter = seconds(5);

HealthChecker::Check connections_check(std::function<ConnectionCounts()> counts);
HealthChecker::Check memory_check();
HealthChecker::Check performance_check(std::function<RequestFigures()> figures);
// As the store tells of itself, or null where nothing is kept; nobody waits for the database here.
HealthChecker::Check database_check(std::function<store::StoreProbe()> probe);
HealthChecker::Check loops_check(std::function<std::vector<LoopSign>()> signs);

}  // namespace mythos::monitor
