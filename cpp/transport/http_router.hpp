// The table of routes: method and path to a route and its parameter. Stateless; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mythos::transport {

enum class Route : std::uint8_t {
    index,
    live,
    ready,
    metrics,
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
};

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
