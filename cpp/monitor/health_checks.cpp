#include "monitor/health_checks.hpp"

#include <algorithm>
#include <utility>

#include "hub/survey_shard.hpp"
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

double ConnectionCounts::health_percent() const { return hub::health_percent(healthy, total - healthy); }

HealthChecker::Check connections_check(std::function<ConnectionCounts()> counts) {
    return [counts = std::move(counts)](Health before) {
        return CheckResult{judge(observe::kConnectionThresholds, counts().health_percent(), before)};
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
        return CheckResult{judge(observe::kResponseThresholds, figures().average_ms, before)};
    };
}

HealthChecker::Check database_check(std::function<store::StoreProbe()> probe) {
    return [probe = std::move(probe)](Health) {
        if (!probe)
            return result_of(Health::healthy, {{"enabled", false}, {"response_time_ms", 0}, {"connection_count", 0}});
        const store::StoreProbe now = probe();
        const Health status = now.status == store::StoreStatus::healthy    ? Health::healthy
                              : now.status == store::StoreStatus::degraded ? Health::degraded
                                                                           : Health::unhealthy;
        return result_of(status, {{"enabled", true},
                                  {"response_time_ms", now.response_time_ms},
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
