#include "monitor/health_checks.hpp"

#include <algorithm>
#include <utility>

#include "monitor/memory_usage.hpp"
#include "monitor/process_usage.hpp"

namespace mythos::monitor {

using observe::CheckResult;
using observe::Field;
using observe::Health;

namespace {

constexpr std::uint64_t kMiB = 1'048'576;

CheckResult result_of(Health status, std::initializer_list<Field> details) {
    CheckResult result{status};
    result.details = format_object(std::span(details.begin(), details.size()));
    return result;
}

}  // namespace

HealthChecker::Check connections_check(std::function<ConnectionCounts()> counts) {
    return [counts = std::move(counts)](Health before) {
        const ConnectionCounts now = counts();
        const double percent =
            now.total == 0 ? 100 : 100 * static_cast<double>(now.healthy) / static_cast<double>(now.total);
        return result_of(judge(observe::kConnectionThresholds, percent, before),
                         {{"total_connections", now.total},
                          {"healthy_connections", now.healthy},
                          {"unhealthy_connections", now.total - now.healthy},
                          {"health_percentage", percent}});
    };
}

HealthChecker::Check memory_check() {
    return [](Health before) {
        const auto usage = memory_usage();
        if (!usage) return result_of(Health::degraded, {{"known", false}});
        return result_of(judge(observe::kMemoryThresholds, usage->percent(), before),
                         {{"used_mb", usage->used_bytes / kMiB},
                          {"total_mb", usage->total_bytes / kMiB},
                          {"usage_percentage", usage->percent()},
                          {"limit", usage->limited ? "cgroup" : "machine"},
                          {"process_mb", process_usage().resident_bytes.value_or(0) / kMiB}});
    };
}

HealthChecker::Check performance_check(std::function<RequestFigures()> figures) {
    return [figures = std::move(figures)](Health before) {
        const RequestFigures now = figures();
        return result_of(judge(observe::kResponseThresholds, now.average_ms, before),
                         {{"avg_response_time_ms", now.average_ms}, {"requests_per_second", now.per_second}});
    };
}

HealthChecker::Check database_check(std::function<store::StoreProbe()> probe) {
    return [probe = std::move(probe)](Health) {
        const store::StoreProbe now = probe();
        const Health status = now.status == store::StoreStatus::healthy    ? Health::healthy
                              : now.status == store::StoreStatus::degraded ? Health::degraded
                                                                           : Health::unhealthy;
        return result_of(status, {{"response_time_ms", now.response_time_ms},
                                  {"connection_count", now.connection_count},
                                  {"last_error", name_of(now.last_fault)},
                                  {"queue_length", now.queue_length},
                                  {"queue_max", now.queue_max}});
    };
}

HealthChecker::Check loops_check(std::function<std::vector<LoopSign>()> signs) {
    return [signs = std::move(signs)](Health before) {
        std::size_t stuck = 0;
        Duration lag{};
        const auto all = signs();
        for (const LoopSign& sign : all) {
            stuck += sign.silent >= kLoopStuckAfter;
            lag = std::max({lag, sign.lag, sign.silent});
        }
        const double lag_ms = lag.seconds() * 1e3;
        const Health status = stuck > 0 ? Health::unhealthy : judge(observe::kLagThresholds, lag_ms, before);
        return result_of(status, {{"loops", all.size()}, {"stuck", stuck}, {"lag_ms", lag_ms}});
    };
}

}  // namespace mythos::monitor
