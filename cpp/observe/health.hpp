// The health of a process by components: what checks reported, with hysteresis, age and staleness, and what follows for
// the whole.
//
// A component changes to worse after kFailuresDown results in a row that are worse than what it shows, to better after
// kPassesUp that are better; its first result counts at once. One that has not reported within its interval (which may
// be a tenth longer, for jitter) and its timeout is stale, and a stale component is unhealthy; it comes back like one
// that failed. Of the whole: the worst of the critical components, where others count as degraded at most, and one that
// has never reported yet, too.
//
// Nothing here reads a clock. Thread-safety: any thread; a mutex, held for copying a few texts, guards all. Whoever
// reports must not hold a lock that a reader waits for, such as Python's.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace mythos::observe {

enum class Health : std::uint8_t { healthy, degraded, unhealthy };
inline constexpr std::array<std::string_view, 3> kHealthNames{"healthy", "degraded", "unhealthy"};
constexpr std::string_view name_of(Health health) { return kHealthNames[static_cast<std::size_t>(health)]; }
std::optional<Health> health_named(std::string_view name);

inline constexpr int kFailuresDown = 3;
inline constexpr int kPassesUp = 2;
inline constexpr std::size_t kHealthComponentsMax = 64;  // each is a series of the metrics
inline constexpr std::size_t kHealthDetailsBytesMax = 4'096;

// What a value has to reach to be degraded or unhealthy; it leaves only `margin` before that.
struct Thresholds {
    double degraded, unhealthy, margin;
    bool high_is_bad;
};
// In percent. A healthy share below, memory in use at or above.
inline constexpr Thresholds kConnectionThresholds{95, 80, 1, false};
inline constexpr Thresholds kMemoryThresholds{80, 90, 2, true};
// Of the response time, in milliseconds, and of a loop's lag.
inline constexpr Thresholds kResponseThresholds{500, 2'000, 50, true};
inline constexpr Thresholds kLagThresholds{250, 1'000, 50, true};

Health judge(const Thresholds& thresholds, double value, Health before);

struct CheckResult {
    Health status = Health::healthy;
    Duration took{};
    std::string details = {};  // a JSON object, or empty
};

struct ComponentSpec {
    std::string name;  // 1 to 64 of a-z A-Z 0-9 . _ -
    bool critical = true;
    Duration interval = seconds(10);
    Duration timeout = seconds(2);
    std::vector<std::string> tags = {};
};

// How long checks took: counts below each of the edges, in seconds, and above the last.
struct CheckDurations {
    static constexpr std::array<double, 8> kEdges{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2};
    std::array<std::uint64_t, kEdges.size() + 1> counts{};
    double sum_seconds = 0;
};

struct ComponentHealth {
    ComponentSpec spec;
    Health status = Health::healthy;
    bool pending = false;  // never reported, and not late yet
    bool stale = false;
    Duration age{};  // of the last report, or since it was added
    std::optional<WallTime> checked_at;
    Duration took{};
    std::string details;
    CheckDurations durations;
};

struct HealthReport {
    Health status = Health::healthy;
    std::vector<ComponentHealth> components;  // by name

    const ComponentHealth* find(std::string_view name) const;
    // Whether each critical component has reported once.
    bool started() const;
};

class HealthBoard {
public:
    // Errors: `bad_name`, `exists`, `limit`.
    Result<void> add(ComponentSpec spec, MonoTime now);
    void remove(std::string_view name);
    // Unknown names are ignored: a check may end after its component was removed.
    void report(std::string_view name, CheckResult result, MonoTime now, WallTime wall);
    void set_interval(std::string_view name, Duration interval);

    // `tag`: of the components that have it alone; empty: of all.
    HealthReport report(MonoTime now, std::string_view tag = {}) const;

private:
    struct Component {
        ComponentSpec spec;
        MonoTime since;  // of the last report, or when it was added
        bool reported = false;
        Health shown = Health::healthy;
        int worse = 0, better = 0;
        Health streak = Health::healthy;  // the nearest to what is shown of those results in a row
        std::optional<WallTime> checked_at;
        Duration took{};
        std::string details;
        CheckDurations durations;
    };
    static bool is_late(const Component& component, MonoTime now);
    static void take(Component& component, Health result);

    mutable std::mutex mutex_;
    std::map<std::string, Component, std::less<>> components_;  // guarded by mutex_
};

}  // namespace mythos::observe
