#include "monitor/transitions.hpp"

#include <utility>

namespace mythos::monitor {

void Transitions::note(Transition change) {
    const std::lock_guard lock(mutex_);
    changes_.push_back(std::move(change));
    if (changes_.size() > kMax) changes_.pop_front();
}

nlohmann::ordered_json Transitions::json(WallTime now) const {
    auto out = nlohmann::ordered_json::array();
    const std::lock_guard lock(mutex_);
    for (const Transition& change : changes_) {
        if (now.ns - change.at.ns > kKept.ns) continue;
        nlohmann::ordered_json row{{"at", iso8601(change.at)},
                                   {"kind", change.kind},
                                   {"name", change.name},
                                   {"from", change.from},
                                   {"to", change.to}};
        if (!change.fingerprint.empty()) row["fingerprint"] = change.fingerprint;
        if (!change.labels.is_null()) row["labels"] = change.labels;
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace mythos::monitor
