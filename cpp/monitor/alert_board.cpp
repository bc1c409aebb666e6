#include "monitor/alert_board.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "transport/uri.hpp"

namespace mythos::monitor {

namespace {

using Json = nlohmann::ordered_json;

void keep(Json& list, auto&& wanted) {
    Json kept = Json::array();
    for (Json& each : list)
        if (wanted(each)) kept.push_back(std::move(each));
    list = std::move(kept);
}

// Groups without a rule of the name go.
std::string about(const std::string& alertname, const std::string& report) {
    Json told = Json::parse(report);
    if (told.contains("alerts"))
        keep(told["alerts"], [&](const Json& alert) { return alert.at("alertname") == alertname; });
    if (told.contains("groups"))
        keep(told["groups"], [&](Json& group) {
            keep(group.at("rules"), [&](const Json& rule) { return rule.at("name") == alertname; });
            return !group["rules"].empty();
        });
    return told.dump();
}

}  // namespace

void AlertBoard::tell(std::string report, std::vector<prometheus::MetricFamily> metrics) {
    auto told = std::make_shared<const Told>(Told{clock_.mono(), std::move(report), std::move(metrics)});
    const std::lock_guard lock(mutex_);
    told_ = std::move(told);
}

void AlertBoard::clear() {
    const std::lock_guard lock(mutex_);
    told_ = nullptr;
}

std::string AlertBoard::json(const std::optional<std::string>& alertname) const {
    std::shared_ptr<const Told> told;
    {
        const std::lock_guard lock(mutex_);
        told = told_;
    }
    Json head{{"timestamp", iso8601(clock_.wall())}, {"enabled", told != nullptr}};
    if (told == nullptr) {
        head["alerts"] = Json::array();
        return head.dump();
    }
    head["age_ms"] = (clock_.mono() - told->at).seconds() * 1e3;
    std::string out = head.dump();
    out.back() = ',';
    return out.append(alertname ? about(*alertname, told->report) : told->report, 1);
}

void AlertBoard::add_metrics(std::vector<prometheus::MetricFamily>& all) const {
    const std::lock_guard lock(mutex_);
    if (told_ != nullptr) all.insert(all.end(), told_->metrics.begin(), told_->metrics.end());
}

void add_alert_view(Answers& answers, const AlertBoard& board) {
    answers.add(transport::Route::alerts, [&board](const MonitorRequest& request) -> MonitorAnswer {
        const auto query = transport::QueryParameters::parse(request.query);
        const auto name = query ? query->get("alertname") : std::nullopt;
        return json_response(board.json(name ? std::optional<std::string>(*name) : std::nullopt));
    });
}

}  // namespace mythos::monitor
