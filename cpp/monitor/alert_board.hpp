// What the alert engine, which is Python's, has to tell: kept here, so that nobody who asks waits for the interpreter.
//
// `GET /monitoring/alerts` answers the last report with its age, `?alertname=` the part of it that is about one alert,
// to which notifications link; its metrics are among the server's. Where no engine runs the answer says so, and there
// are no such metrics. Thread-safety: any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "monitor/answers.hpp"
#include "monitor/transitions.hpp"

namespace mythos::monitor {

class AlertBoard {
public:
    // `clock`, and `transitions`, which are told of alerts that begin, change and end, outlive it.
    AlertBoard(const Clock& clock, Transitions& transitions) : clock_(clock), transitions_(transitions) {}

    // `report`: a JSON object with at least one member. It replaces what was told before.
    void tell(std::string report, std::vector<prometheus::MetricFamily> metrics);
    // The engine has ended.
    void clear();

    // Of the alerts and rules those of the name, or all.
    std::string json(const std::optional<std::string>& alertname = std::nullopt) const;
    void add_metrics(std::vector<prometheus::MetricFamily>& all) const;

private:
    struct Told {
        MonoTime at;
        std::string report;
        std::vector<prometheus::MetricFamily> metrics;
    };
    // An alert by its fingerprint.
    struct Shown {
        std::string name, state;
        nlohmann::ordered_json labels;
    };
    using ShownAlerts = std::map<std::string, Shown>;
    static ShownAlerts shown_in(const std::string& report);
    void note_changes(ShownAlerts now);

    const Clock& clock_;
    Transitions& transitions_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Told> told_;  // guarded by mutex_; null: no engine
    ShownAlerts shown_;                 // guarded by mutex_
};

// `board` outlives the answers.
void add_alert_view(Answers& answers, const AlertBoard& board);

}  // namespace mythos::monitor
