#include "protocol/delay_view.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace mythos::protocol {

namespace {

constexpr double kFinest = 0.125;          // milliseconds
constexpr double kStepAtLeast = 60'000.0;  // a minute late, or the server's clock was set back: no measurement

// Eighths of an octave, so that alike values fall together.
double rounded(double ms) {
    if (ms < kFinest) return 0;
    const double step = std::exp2(std::floor(std::log2(ms))) / 8;
    return std::round(ms / step) * step;
}

}  // namespace

void DelayView::remember(MonoTime now, double difference) {
    if (now - since_ >= kRemembered) {
        const bool long_ago = now - since_ >= kRemembered * 2;
        fastest_before_ = long_ago ? std::nullopt : fastest_;
        fastest_.reset();
        since_ = now;
    }
    fastest_ = std::min(fastest_.value_or(difference), difference);
}

void DelayView::heard(MonoTime now, double ts) { remember(now, difference(now, ts)); }

void DelayView::applied(MonoTime now, double ts) {
    const double took = difference(now, ts);
    remember(now, took);
    const double late = took - std::min(*fastest_, fastest_before_.value_or(*fastest_));
    if (late >= kStepAtLeast) {
        fastest_ = took;
        fastest_before_.reset();
        return;
    }
    const double ms = rounded(late);
    const auto at = groups_.lower_bound(ms);
    const bool is_new = at == groups_.end() || at->first != ms;
    if (!is_new || groups_.size() < kGroupsMax) {
        ++groups_[ms];
    } else {
        // Full: with the next larger one, so that nothing looks faster than it was.
        ++(at == groups_.end() ? std::prev(at) : at)->second;
    }
}

std::string DelayView::take() {
    if (groups_.empty()) return {};
    auto told = nlohmann::json::array();
    for (const auto& [ms, entries] : groups_) told.push_back({ms, entries});
    groups_.clear();
    return told.dump();
}

}  // namespace mythos::protocol
