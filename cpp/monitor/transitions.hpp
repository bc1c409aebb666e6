// Changes of state in the last hour, of health by component and of alerts: for pages that draw states over time.
//
// Bounded: of more than kMax the oldest are let go. Thread-safety: any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace mythos::monitor {

struct Transition {
    WallTime at;
    std::string_view kind;  // `health` or `alert`
    std::string name;       // of the component, or of the alert
    std::string from, to;
    std::string fingerprint = {};                              // of an alert
    nlohmann::ordered_json labels = nlohmann::ordered_json{};  // of an alert
};

class Transitions {
public:
    static constexpr std::size_t kMax = 500;
    static constexpr Duration kKept = seconds(3'600);

    void note(Transition change);
    // The oldest first; those that were within the hour before `now`.
    nlohmann::ordered_json json(WallTime now) const;

private:
    mutable std::mutex mutex_;
    std::deque<Transition> changes_;  // guarded by mutex_
};

}  // namespace mythos::monitor
