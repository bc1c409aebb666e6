// What `GET /` answers: the routes, for a person.
#pragma once

#include <string_view>

namespace mythos::transport {

inline constexpr std::string_view kIndex =
    "Mythos: two wires to every player, and proof of what was delivered.\n\n"
    "GET  /ws/{player_id}       a WebSocket            ?session_id= &client_id= &cursor= &mode=\n"
    "GET  /sse/{player_id}      an event stream        the same, or Last-Event-ID\n"
    "GET  /api/ws, /api/events  the same, with ?player_id=\n"
    "POST /api/publish          {\"channel\":…, \"type\":…, \"data\":{…}}, or \"player\", or \"everyone\":true\n"
    "POST /api/commands         ?session_id= &client_id=\n"
    "POST /api/disconnect\n"
    "POST /api/connections/{player_id}/session\n"
    "GET  /api/connections/{player_id}, /api/connections/stats\n"
    "GET  /api/channels, /api/presence/{channel}, /api/history/{channel}\n"
    "GET  /monitoring/performance, /monitoring/connection-health, /monitoring/dual-connections, "
    "/monitoring/connections\n"
    "GET  /monitoring/history, /monitoring/config, /monitoring/stream\n"
    "GET  /monitoring/alerts, /monitoring/errors; /api/v2/alerts, /api/v2/silences: what rules raise, for amtool\n"
    "GET  /health, /health/detailed, /livez, /readyz, /startupz, /metrics\n"
    "POST /drain\n";

}  // namespace mythos::transport
