#include "transport/http_router.hpp"

#include <gtest/gtest.h>

namespace mythos::transport {
namespace {

using Kind = RouteMatch::Kind;

void expect_route(std::string_view method, std::string_view path, Route route, std::string_view parameter) {
    const RouteMatch match = match_route(method, path);
    EXPECT_EQ(match.kind, Kind::found) << method << ' ' << path;
    EXPECT_EQ(match.route, route) << path;
    EXPECT_EQ(match.parameter, parameter) << path;
}

TEST(HttpRouter, FindsEveryRoute) {
    expect_route("GET", "/", Route::index, "");
    expect_route("GET", "/livez", Route::live, "");
    expect_route("GET", "/readyz", Route::ready, "");
    expect_route("GET", "/startupz", Route::startup, "");
    expect_route("GET", "/health", Route::health, "");
    expect_route("GET", "/health/detailed", Route::health_detailed, "");
    expect_route("GET", "/metrics", Route::metrics, "");
    expect_route("GET", "/monitoring/connection-health", Route::connection_health, "");
    expect_route("GET", "/monitoring/performance", Route::performance, "");
    expect_route("GET", "/monitoring/dual-connections", Route::dual_connections, "");
    expect_route("GET", "/monitoring/errors", Route::errors, "");
    expect_route("GET", "/monitoring/alerts", Route::alerts, "");
    expect_route("GET", "/api/v2/status", Route::alerts_status, "");
    expect_route("GET", "/api/v2/alerts", Route::active_alerts, "");
    expect_route("GET", "/monitoring/connections", Route::monitored_connections, "");
    expect_route("GET", "/monitoring/connections/c%3A1", Route::monitored_connection, "c:1");
    expect_route("GET", "/api/ws", Route::websocket, "");
    expect_route("GET", "/ws/p1", Route::websocket, "p1");
    expect_route("GET", "/api/events", Route::event_stream, "");
    expect_route("GET", "/sse/p1", Route::event_stream, "p1");
    expect_route("POST", "/api/commands", Route::commands, "");
    expect_route("POST", "/api/publish", Route::publish, "");
    expect_route("POST", "/api/disconnect", Route::disconnect, "");
    expect_route("GET", "/api/channels", Route::channels, "");
    expect_route("GET", "/api/connections/stats", Route::statistics, "");
    expect_route("GET", "/api/connections/p1", Route::connections_of_player, "p1");
    expect_route("POST", "/api/connections/p1/session", Route::new_session, "p1");
    expect_route("GET", "/api/presence/room:tavern", Route::presence, "room:tavern");
    expect_route("GET", "/api/history/room%2Ftavern", Route::history, "room/tavern");
}

TEST(HttpRouter, HeadIsGetWithoutABody) {
    expect_route("HEAD", "/livez", Route::live, "");
    for (const char* stream : {"/sse/p1", "/api/events", "/ws/p1", "/api/ws"}) {
        EXPECT_EQ(match_route("HEAD", stream).kind, Kind::no_method) << "a stream has no head of its own";
        EXPECT_EQ(match_route("HEAD", stream).allow, "GET, OPTIONS");
        EXPECT_EQ(match_route("OPTIONS", stream).allow, "GET, OPTIONS");
    }
}

TEST(HttpRouter, TellsWhoAnswersAndWhatIsOpen) {
    for (const Route route :
         {Route::startup, Route::health, Route::metrics, Route::alerts, Route::monitored_connection})
        EXPECT_TRUE(is_monitors(route));
    for (const Route route : {Route::live, Route::ready, Route::monitoring_stream, Route::publish, Route::statistics})
        EXPECT_FALSE(is_monitors(route));
    for (const Route route : {Route::live, Route::ready, Route::startup, Route::health_detailed, Route::metrics})
        EXPECT_TRUE(is_open(route));
    for (const Route route : {Route::performance, Route::monitoring_stream, Route::commands, Route::websocket})
        EXPECT_FALSE(is_open(route));
}

TEST(HttpRouter, TellsAnUnknownPath) {
    for (const char* path : {"/nothing", "/api", "/api/", "/ws", "/ws/", "/sse", "/api/publish/x", "/%2e%2e/etc/passwd",
                             "//", "", "*", "/ws/p1/", "/api/connections//session", "/API/publish"}) {
        EXPECT_EQ(match_route("GET", path).kind, Kind::no_path) << path;
    }
}

TEST(HttpRouter, TellsAnUnknownMethodAndWhatIsAllowed) {
    const RouteMatch match = match_route("GET", "/api/publish");
    EXPECT_EQ(match.kind, Kind::no_method);
    EXPECT_EQ(match.allow, "POST, OPTIONS");
    EXPECT_EQ(match_route("POST", "/livez").allow, "GET, HEAD, OPTIONS");
    EXPECT_EQ(match_route("OPTIONS", "/api/publish").kind, Kind::preflight);
    EXPECT_EQ(match_route("OPTIONS", "/nothing").kind, Kind::no_path);
}

TEST(HttpRouter, APathMayHaveSeveralMethods) {
    expect_route("GET", "/api/v2/silences", Route::silences, "");
    expect_route("POST", "/api/v2/silences", Route::new_silence, "");
    expect_route("HEAD", "/api/v2/silence/x", Route::silence, "x");
    expect_route("DELETE", "/api/v2/silence/x", Route::end_silence, "x");
    EXPECT_EQ(match_route("PUT", "/api/v2/silences").kind, Kind::no_method);
    EXPECT_EQ(match_route("PUT", "/api/v2/silences").allow, "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(match_route("OPTIONS", "/api/v2/silence/x").allow, "GET, HEAD, DELETE, OPTIONS");
    EXPECT_TRUE(is_alert_engines(Route::active_alerts));
    EXPECT_FALSE(is_alert_engines(Route::history));
}

TEST(HttpRouter, TellsABrokenParameter) { EXPECT_EQ(match_route("GET", "/ws/%zz").kind, Kind::bad_path); }

}  // namespace
}  // namespace mythos::transport
