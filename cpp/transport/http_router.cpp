#include "transport/http_router.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "transport/uri.hpp"

namespace mythos::transport {
namespace {

struct Row {
    Route route;
    std::string_view method;
    std::string_view path;  // a segment {…} takes the parameter
};

// A literal segment stands before a parameter in its place.
constexpr std::array kRows{
    Row{Route::index, "GET", "/"},
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

// Of all methods that a path has, in the form of Allow.
std::string_view allow_of(bool get, bool head, bool post, bool remove) {
    if (get && post) return "GET, HEAD, POST, OPTIONS";
    if (get && remove) return "GET, HEAD, DELETE, OPTIONS";
    if (get) return head ? "GET, HEAD, OPTIONS" : "GET, OPTIONS";
    return post ? "POST, OPTIONS" : "DELETE, OPTIONS";
}

}  // namespace

RouteName name_of(Route route) {
    const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.route == route; });
    return {row->method, row->path};
}

RouteMatch match_route(std::string_view method, std::string_view path) {
    const std::vector<std::string_view> segments = path_segments(path);
    RouteMatch match;
    const Row* shape = nullptr;  // the first that the path fits; others of the same shape have other methods
    const Row* found = nullptr;
    std::string_view parameter;
    bool get = false, head = false, post = false, remove = false;
    for (const Row& row : kRows) {
        std::string_view taken;
        if ((shape != nullptr && row.path != shape->path) || !fits(row, segments, taken)) continue;
        if (shape == nullptr) shape = &row;
        parameter = taken;
        get |= row.method == "GET";
        head |= answers(row, "HEAD");
        post |= row.method == "POST";
        remove |= row.method == "DELETE";
        if (found == nullptr && answers(row, method)) found = &row;
    }
    if (shape == nullptr) return match;
    match.route = found != nullptr ? found->route : shape->route;
    match.allow = allow_of(get, head, post, remove);
    if (method == "OPTIONS") {
        match.kind = RouteMatch::Kind::preflight;
    } else if (found == nullptr) {
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
