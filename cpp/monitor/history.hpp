// `GET /monitoring/history`: the last hour in steps of ten seconds, for pages that show where a figure comes from.
//
// Memory: 120 KiB, and 60 KiB of what was counted when the last step ended. Thread-safety: one thread, the monitor's.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/node.hpp"
#include "monitor/answers.hpp"
#include "monitor/statistics.hpp"
#include "monitor/timing_json.hpp"
#include "monitor/transitions.hpp"

namespace mythos::monitor {

class History {
public:
    static constexpr Duration kStep = seconds(10);
    static constexpr std::size_t kSteps = 360;
    // The heat map's bounds: half octaves from 8.2 us to 8.6 s.
    static constexpr std::size_t kBounds = 41;
    static std::uint64_t bound_ns(std::size_t index);

    // Of so many groups of errors the trend is told, those with the most.
    static constexpr std::size_t kErrorTrends = 20;

    // All that is referred to outlives it.
    History(hub::Node& node, const Statistics& statistics, const Transitions& transitions, MonoTime start);

    // Takes a point when a step is over; after each tick of the statistics.
    void tick(MonoTime now);

    // As JSON text: columns of one value a step, the oldest first; null where nothing is known of a step. `wall`: that
    // of `now`.
    std::string json(MonoTime now, WallTime wall) const;

private:
    using Values = std::vector<std::pair<std::string_view, double>>;
    using Heat = std::array<std::uint32_t, kBounds + 1>;  // below the first bound, between two, beyond the last
    struct Totals {
        std::vector<std::uint64_t> counters;
        std::array<stats::Distribution, 3> latencies;  // delivery, acknowledgement, client_delay
        std::map<std::string, std::uint64_t> errors;   // by fingerprint
        std::uint64_t all_errors = 0;
    };
    struct Point {
        std::vector<float> values;  // as names_; empty: nothing is known
        Heat heat{};
        std::vector<std::pair<std::string, std::uint32_t>> errors;  // by fingerprint, those that there were
    };

    Totals totals() const;
    Values measure(const Totals& before, const Totals& after, double seconds) const;
    void add(Point point);
    Json error_trends() const;

    hub::Node& node_;
    const Statistics& statistics_;
    const Transitions& transitions_;
    MonoTime ended_;  // the last step
    Totals before_;
    std::vector<std::string_view> names_;
    std::deque<Point> points_;
};

// `history` and `clock` outlive the answers.
void add_history_view(Answers& answers, const History& history, const Clock& clock);

}  // namespace mythos::monitor
