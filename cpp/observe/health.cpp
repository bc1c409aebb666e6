#include "observe/health.hpp"

#include <algorithm>
#include <utility>

namespace mythos::observe {
namespace {

bool is_component_name(std::string_view name) {
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return !name.empty() && name.size() <= 64 && name.find_first_not_of(kAllowed) == name.npos;
}

void count(CheckDurations& durations, Duration took) {
    const auto& edges = CheckDurations::kEdges;
    ++durations.counts[static_cast<std::size_t>(std::ranges::lower_bound(edges, took.seconds()) - edges.begin())];
    durations.sum_seconds += took.seconds();
}

}  // namespace

std::optional<Health> health_named(std::string_view name) {
    const auto found = std::ranges::find(kHealthNames, name);
    if (found == kHealthNames.end()) return std::nullopt;
    return static_cast<Health>(found - kHealthNames.begin());
}

Health judge(const Thresholds& thresholds, double value, Health before) {
    const auto reaches = [&](double threshold, bool holds) {
        const double margin = holds ? thresholds.margin : 0;
        return thresholds.high_is_bad ? value >= threshold - margin : value < threshold + margin;
    };
    if (reaches(thresholds.unhealthy, before == Health::unhealthy)) return Health::unhealthy;
    return reaches(thresholds.degraded, before != Health::healthy) ? Health::degraded : Health::healthy;
}

const ComponentHealth* HealthReport::find(std::string_view name) const {
    const auto found =
        std::ranges::find_if(components, [&](const ComponentHealth& each) { return each.spec.name == name; });
    return found == components.end() ? nullptr : &*found;
}

bool HealthReport::started() const {
    return std::ranges::none_of(components,
                                [](const ComponentHealth& each) { return each.spec.critical && !each.checked_at; });
}

Result<void> HealthBoard::add(ComponentSpec spec, MonoTime now) {
    if (!is_component_name(spec.name))
        return Error{"bad_name", "A component's name is 1 to 64 letters, digits, dots, dashes and underscores."};
    const std::lock_guard lock(mutex_);
    if (components_.contains(spec.name)) return Error{"exists", "There is a component of that name."};
    if (components_.size() >= kHealthComponentsMax) return Error{"limit", "There are all the components there may be."};
    Component& made = components_[spec.name];
    made.spec = std::move(spec);
    made.since = now;
    return {};
}

void HealthBoard::remove(std::string_view name) {
    const std::lock_guard lock(mutex_);
    if (const auto found = components_.find(name); found != components_.end()) components_.erase(found);
}

void HealthBoard::set_interval(std::string_view name, Duration interval) {
    const std::lock_guard lock(mutex_);
    if (const auto found = components_.find(name); found != components_.end()) found->second.spec.interval = interval;
}

bool HealthBoard::is_late(const Component& component, MonoTime now) {
    const auto& spec = component.spec;
    const Duration jitter{spec.interval.ns / 10};
    return now - component.since > spec.interval + jitter + spec.timeout;
}

void HealthBoard::take(Component& component, Health result) {
    const bool worse = result > component.shown, better = result < component.shown;
    if (worse) component.streak = component.worse == 0 ? result : std::min(component.streak, result);
    if (better) component.streak = component.better == 0 ? result : std::max(component.streak, result);
    component.worse = worse ? component.worse + 1 : 0;
    component.better = better ? component.better + 1 : 0;
    if (component.worse < kFailuresDown && component.better < kPassesUp) return;
    component.shown = component.streak;
    component.worse = component.better = 0;
}

void HealthBoard::report(std::string_view name, CheckResult result, MonoTime now, WallTime wall) {
    const std::lock_guard lock(mutex_);
    const auto found = components_.find(name);
    if (found == components_.end()) return;
    Component& component = found->second;
    if (is_late(component, now)) {
        component.shown = Health::unhealthy;
        component.worse = component.better = 0;
        component.reported = true;
    }
    if (std::exchange(component.reported, true))
        take(component, result.status);
    else
        component.shown = result.status;
    component.since = now;
    component.checked_at = wall;
    component.took = result.took;
    component.details = result.details.size() <= kHealthDetailsBytesMax ? std::move(result.details) : std::string();
    count(component.durations, result.took);
}

HealthReport HealthBoard::report(MonoTime now, std::string_view tag) const {
    HealthReport report;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, component] : components_) {
        if (!tag.empty() && std::ranges::find(component.spec.tags, tag) == component.spec.tags.end()) continue;
        const bool late = is_late(component, now);
        ComponentHealth one{component.spec, component.shown,       !component.reported && !late,
                            late,           now - component.since, component.checked_at,
                            component.took, component.details,     component.durations};
        if (late) one.status = Health::unhealthy;
        if (one.pending) one.status = Health::degraded;
        const Health counted = component.spec.critical ? one.status : std::min(one.status, Health::degraded);
        report.status = std::max(report.status, counted);
        report.components.push_back(std::move(one));
    }
    return report;
}

}  // namespace mythos::observe
