#include "transport/http_router.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "transport/uri.hpp"

namespace mythos::transport {
namespace {

struct Row {
    Route route;
    std::string_view method;
    std::string_view path;  // a segment {…} takes the parameter
};

// A literal segment stands before a parameter in its place, the methods of one path together.
constexpr std::array kRows{
    Row{Route::index, "GET", "/"},
    Row{Route::game_page, "GET", "/game"},
    Row{Route::asset, "GET", "/assets/{file}"},
    Row{Route::live, "GET", "/livez"},
    Row{Route::ready, "GET", "/readyz"},
    Row{Route::startup, "GET", "/startupz"},
    Row{Route::health, "GET", "/health"},
    Row{Route::health_detailed, "GET", "/health/detailed"},
    Row{Route::metrics, "GET", "/metrics"},
    Row{Route::drain, "POST", "/drain"},
    Row{Route::connection_health, "GET", "/monitoring/connection-health"},
    Row{Route::performance, "GET", "/monitoring/performance"},
    Row{Route::dual_connections, "GET", "/monitoring/dual-connections"},
    Row{Route::errors, "GET", "/monitoring/errors"},
    Row{Route::alerts, "GET", "/monitoring/alerts"},
    Row{Route::monitoring_history, "GET", "/monitoring/history"},
    Row{Route::configuration, "GET", "/monitoring/config"},
    Row{Route::monitored_connections, "GET", "/monitoring/connections"},
    Row{Route::monitored_connection, "GET", "/monitoring/connections/{connection_id}"},
    Row{Route::monitoring_stream, "GET", "/monitoring/stream"},
    Row{Route::alerts_status, "GET", "/api/v2/status"},
    Row{Route::active_alerts, "GET", "/api/v2/alerts"},
    Row{Route::silences, "GET", "/api/v2/silences"},
    Row{Route::new_silence, "POST", "/api/v2/silences"},
    Row{Route::silence, "GET", "/api/v2/silence/{silence_id}"},
    Row{Route::end_silence, "DELETE", "/api/v2/silence/{silence_id}"},
    Row{Route::websocket, "GET", "/api/ws"},
    Row{Route::websocket, "GET", "/ws/{player_id}"},
    Row{Route::event_stream, "GET", "/api/events"},
    Row{Route::event_stream, "GET", "/sse/{player_id}"},
    Row{Route::commands, "POST", "/api/commands"},
    Row{Route::publish, "POST", "/api/publish"},
    Row{Route::disconnect, "POST", "/api/disconnect"},
    Row{Route::channels, "GET", "/api/channels"},
    Row{Route::statistics, "GET", "/api/connections/stats"},
    Row{Route::connections_of_player, "GET", "/api/connections/{player_id}"},
    Row{Route::new_session, "POST", "/api/connections/{player_id}/session"},
    Row{Route::presence, "GET", "/api/presence/{channel}"},
    Row{Route::history, "GET", "/api/history/{channel}"},
};

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

// Whether the path has the row's shape; the parameter's segment, undecoded, goes to `parameter`.
bool fits(const Row& row, const std::vector<std::string_view>& segments, std::string_view& parameter) {
    std::string_view rest = row.path.substr(1);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const std::size_t end = rest.find('/');
        const std::string_view wanted = rest.substr(0, end);
        if (is_parameter(wanted)) {
            if (segments[i].empty()) return false;
            parameter = segments[i];
        } else if (segments[i] != wanted) {
            return false;
        }
        if (end == std::string_view::npos) return i + 1 == segments.size();
        rest.remove_prefix(end + 1);
    }
    return false;
}

// Whether a row answers a method; HEAD is GET without a body, which a stream has no use for.
bool answers(const Row& row, std::string_view method) {
    const bool streams =
        row.route == Route::websocket || row.route == Route::event_stream || row.route == Route::monitoring_stream;
    return method == row.method || (method == "HEAD" && row.method == "GET" && !streams);
}

// Of all methods that the rows of a path have, in the form of Allow.
std::string_view allow_of(std::span<const Row> rows) {
    const auto has = [rows](std::string_view method) {
        return std::ranges::any_of(rows, [method](const Row& row) { return answers(row, method); });
    };
    if (has("GET") && has("POST")) return "GET, HEAD, POST, OPTIONS";
    if (has("GET") && has("DELETE")) return "GET, HEAD, DELETE, OPTIONS";
    if (has("GET")) return has("HEAD") ? "GET, HEAD, OPTIONS" : "GET, OPTIONS";
    return has("POST") ? "POST, OPTIONS" : "DELETE, OPTIONS";
}

}  // namespace

RouteName name_of(Route route) {
    const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.route == route; });
    return {row->method, row->path};
}

RouteMatch match_route(std::string_view method, std::string_view path) {
    const std::vector<std::string_view> segments = path_segments(path);
    RouteMatch match;
    std::string_view parameter;
    const auto fits_path = [&](const Row& row) {
        parameter = {};
        return fits(row, segments, parameter);
    };
    const auto shape = std::find_if(kRows.begin(), kRows.end(), fits_path);
    if (shape == kRows.end()) return match;
    // Rows of one path with other methods stand together.
    const auto end = std::find_if(shape, kRows.end(), [&](const Row& row) { return row.path != shape->path; });
    const auto row = std::find_if(shape, end, [&](const Row& each) { return answers(each, method); });
    match.route = row == end ? shape->route : row->route;
    match.allow = allow_of({shape, end});
    if (method == "OPTIONS") {
        match.kind = RouteMatch::Kind::preflight;
    } else if (row == end) {
        match.kind = RouteMatch::Kind::no_method;
    } else if (auto decoded = percent_decode(parameter)) {
        match.kind = RouteMatch::Kind::found;
        match.parameter = std::move(*decoded);
    } else {
        match.kind = RouteMatch::Kind::bad_path;
    }
    return match;
}

}  // namespace mythos::transport
