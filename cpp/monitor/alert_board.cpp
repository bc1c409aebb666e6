#include "monitor/alert_board.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace mythos::monitor {

void AlertBoard::tell(std::string report, std::vector<prometheus::MetricFamily> metrics) {
    auto told = std::make_shared<const Told>(Told{clock_.mono(), std::move(report), std::move(metrics)});
    const std::lock_guard lock(mutex_);
    told_ = std::move(told);
}

void AlertBoard::clear() {
    const std::lock_guard lock(mutex_);
    told_ = nullptr;
}

std::string AlertBoard::json() const {
    std::shared_ptr<const Told> told;
    {
        const std::lock_guard lock(mutex_);
        told = told_;
    }
    nlohmann::ordered_json head{{"timestamp", iso8601(clock_.wall())}, {"enabled", told != nullptr}};
    if (told == nullptr) {
        head["alerts"] = nlohmann::ordered_json::array();
        return head.dump();
    }
    head["age_ms"] = (clock_.mono() - told->at).seconds() * 1e3;
    std::string out = head.dump();
    out.back() = ',';
    return out.append(told->report, 1);
}

void AlertBoard::add_metrics(std::vector<prometheus::MetricFamily>& all) const {
    const std::lock_guard lock(mutex_);
    if (told_ != nullptr) all.insert(all.end(), told_->metrics.begin(), told_->metrics.end());
}

void add_alert_view(Answers& answers, const AlertBoard& board) {
    answers.add(transport::Route::alerts,
                [&board](const MonitorRequest&) -> MonitorAnswer { return json_response(board.json()); });
}

}  // namespace mythos::monitor
