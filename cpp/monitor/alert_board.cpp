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

AlertBoard::ShownAlerts AlertBoard::shown_in(const std::string& report) {
    ShownAlerts shown;
    const auto told = nlohmann::ordered_json::parse(report, nullptr, false);
    if (!told.is_object() || !told.contains("alerts")) return shown;
    for (const auto& alert : told["alerts"]) {
        if (!alert.is_object() || !alert.value("fingerprint", nlohmann::ordered_json{}).is_string()) continue;
        shown[alert["fingerprint"]] = {alert.value("alertname", ""), alert.value("state", ""),
                                       alert.value("labels", nlohmann::ordered_json::object())};
    }
    return shown;
}

void AlertBoard::note_changes(ShownAlerts now) {
    const WallTime at = clock_.wall();
    const auto note = [&](const std::string& fingerprint, const Shown& alert, std::string from, std::string to) {
        transitions_.note({at, "alert", alert.name, std::move(from), std::move(to), fingerprint, alert.labels});
    };
    for (const auto& [fingerprint, alert] : now) {
        const auto before = shown_.find(fingerprint);
        const std::string was = before == shown_.end() ? "inactive" : before->second.state;
        if (was != alert.state) note(fingerprint, alert, was, alert.state);
    }
    for (const auto& [fingerprint, alert] : shown_)
        if (!now.contains(fingerprint)) note(fingerprint, alert, alert.state, "inactive");
    shown_ = std::move(now);
}

void AlertBoard::tell(std::string report, std::vector<prometheus::MetricFamily> metrics) {
    ShownAlerts shown = shown_in(report);
    auto told = std::make_shared<const Told>(Told{clock_.mono(), std::move(report), std::move(metrics)});
    const std::lock_guard lock(mutex_);
    note_changes(std::move(shown));
    told_ = std::move(told);
}

void AlertBoard::clear() {
    const std::lock_guard lock(mutex_);
    note_changes({});
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
