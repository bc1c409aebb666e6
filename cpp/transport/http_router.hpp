// The table of routes: method and path to a route and its parameter. Stateless; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/wire.hpp"

namespace mythos::transport {

enum class Route : std::uint8_t {
    index,
    game_page,
    asset,  // with a parameter: the file
    live,
    ready,
    startup,
    health,
    health_detailed,
    metrics,
    connection_health,
    performance,
    dual_connections,
    errors,
    alerts,
    monitoring_history,
    configuration,
    monitored_connections,
    monitored_connection,  // with a parameter: the connection
    monitoring_stream,
    drain,
    websocket,     // with a parameter: the player
    event_stream,  // with a parameter: the player
    commands,
    publish,
    disconnect,
    channels,
    statistics,
    connections_of_player,
    new_session,
    presence,
    history,
    // Of the application's alert engine, in the words of Alertmanager's API v2, so that its tools work here.
    alerts_status,
    active_alerts,
    silences,
    new_silence,
    silence,      // with a parameter: the silence
    end_silence,  // the same
};
inline constexpr std::size_t kRoutes = static_cast<std::size_t>(Route::end_silence) + 1;

// A route's method and the template of its path; of several paths the first.
struct RouteName {
    std::string_view method, path;
};
RouteName name_of(Route route);

// Those that the monitor answers, off the loops.
constexpr bool is_monitors(Route route) { return route >= Route::startup && route <= Route::monitored_connection; }
// Probes and metrics, which must not wait for anybody to say who asks.
constexpr bool is_open(Route route) { return route <= Route::metrics; }

constexpr bool is_alert_engines(Route route) { return route >= Route::alerts_status && route <= Route::end_silence; }

// The wire that a route opens; none: it opens no stream.
constexpr std::optional<protocol::Wire> wire_of(Route route) {
    if (route == Route::websocket) return protocol::Wire::websocket;
    if (route == Route::event_stream) return protocol::Wire::sse;
    return std::nullopt;
}

struct RouteMatch {
    enum class Kind : std::uint8_t { found, no_path, no_method, preflight, bad_path };
    Kind kind = Kind::no_path;
    Route route = Route::index;
    std::string parameter;   // decoded
    std::string_view allow;  // the path's methods, as in Allow
};

// `path` is undecoded. HEAD finds GET's route. `bad_path`: the route is known, its parameter's escape is broken.
RouteMatch match_route(std::string_view method, std::string_view path);

}  // namespace mythos::transport
