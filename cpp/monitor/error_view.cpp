#include "monitor/error_view.hpp"

#include <nlohmann/json.hpp>

#include "protocol/json_text.hpp"
#include "transport/uri.hpp"

namespace mythos::monitor {

using nlohmann::json;
using stats::Window;

namespace {

double epoch_seconds(WallTime t) { return static_cast<double>(t.ns / 1'000'000) / 1e3; }

json text_or_null(const std::string& text) { return text.empty() ? json() : json(text); }

// `connection_error_medium`: only those that there were.
json breakdown_of(const ErrorCounts& counts) {
    json out = json::object();
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] == 0) continue;
        const auto type = stats::kErrorTypes[i / stats::kSeverities.size()];
        const auto severity = stats::kSeverities[i % stats::kSeverities.size()];
        out[std::string(type) + "_" + std::string(severity)] = counts[i];
    }
    return out;
}

json window_json(const Statistics& statistics, Window window) {
    const ErrorCounts counts = statistics.errors(window);
    const double seconds = statistics.seconds(window);
    const auto total = static_cast<double>(total_of(counts));
    return {{"window_seconds", seconds},
            {"total_errors", total_of(counts)},
            {"error_rate_per_minute", seconds > 0 ? 60 * total / seconds : 0},
            {"error_breakdown", breakdown_of(counts)}};
}

json sample_json(const observe::ErrorSample& sample) {
    return {{"type", name_of(sample.type)},
            {"severity", name_of(sample.severity)},
            {"message", sample.message},
            {"timestamp", epoch_seconds(sample.at)},
            {"player_id", text_or_null(sample.player_id)},
            {"session_id", text_or_null(sample.session_id)},
            {"connection_id", text_or_null(sample.connection_id)},
            {"error_code", sample.code},
            {"fingerprint", observe::fingerprint_of(sample.type, sample.code)},
            {"details", sample.details.empty() ? json::object() : json::parse(sample.details, nullptr, false)}};
}

json group_json(const observe::ErrorGroup& group) {
    return {{"fingerprint", group.fingerprint()}, {"type", name_of(group.type)}, {"severity", name_of(group.severity)},
            {"error_code", group.code},           {"count", group.count},        {"first", epoch_seconds(group.first)},
            {"last", epoch_seconds(group.last)}};
}

Result<std::size_t> limit_of(const MonitorRequest& request, std::size_t max) {
    const auto query = transport::QueryParameters::parse(request.query);
    const auto text = query ? query->get("limit") : std::nullopt;
    if (!text) return kRecentErrors;
    const auto limit = transport::number_in<std::size_t>(*text).value_or(0);
    if (limit == 0) return Error{"bad_request", "The limit is a number above 0."};
    return std::min(limit, max);
}

}  // namespace

std::string errors_json(const Statistics& statistics, const observe::ErrorTracker& errors, Window window,
                        std::size_t recent_max, WallTime now) {
    const ErrorCounts hour = statistics.errors(Window::hour), lifetime = statistics.errors();
    const json asked = window_json(statistics, window);
    json out{{"total_errors_last_hour", total_of(hour)},
             {"error_rate_per_minute", rate_per_minute(total_of(hour))},
             {"error_breakdown", breakdown_of(hour)},
             {"window", stats::shape_of(window).name},
             {"window_seconds", asked["window_seconds"]},
             {"window_total_errors", asked["total_errors"]},
             {"window_error_rate_per_minute", asked["error_rate_per_minute"]},
             {"window_error_breakdown", asked["error_breakdown"]},
             {"lifetime_total_errors", total_of(lifetime)},
             {"lifetime_error_breakdown", breakdown_of(lifetime)},
             {"recent_errors", json::array()},
             {"recent_errors_let_go", errors.let_go()},
             {"fingerprints", json::array()},
             {"ungrouped_errors", errors.ungrouped()},
             {"timestamp", iso8601(now)}};
    for (const Window each : stats::kEachWindow)
        out["windows"][std::string(stats::shape_of(each).name)] = window_json(statistics, each);
    for (const auto& sample : errors.recent(recent_max)) out["recent_errors"].push_back(sample_json(sample));
    for (const auto& group : errors.groups()) out["fingerprints"].push_back(group_json(group));
    return protocol::print_json(out);
}

void add_error_view(Answers& answers, const Statistics& statistics, const observe::ErrorTracker& errors,
                    const Clock& clock) {
    answers.add(transport::Route::errors, [&](const MonitorRequest& request) -> MonitorAnswer {
        const auto window = window_of(request);
        if (!window) return window.error();
        const auto limit = limit_of(request, errors.samples_max());
        if (!limit) return limit.error();
        return json_response(errors_json(statistics, errors, *window, *limit, clock.wall()));
    });
}

}  // namespace mythos::monitor
