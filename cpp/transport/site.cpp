#include "transport/site.hpp"

#include "protocol/ws_extension.hpp"
#include "protocol/ws_handshake.hpp"
#include "transport/connect_request.hpp"
#include "transport/hub_routes.hpp"
#include "transport/index_text.hpp"
#include "transport/pages.hpp"
#include "transport/sse_connection.hpp"
#include "transport/trace_context.hpp"
#include "transport/ws_connection.hpp"

namespace mythos::transport {

using protocol::Wire;
using stats::Counter;
using stats::Rejection;

namespace {

int status_of(std::string_view error_code) {
    if (error_code == "unauthorised") return 401;
    if (error_code == "forbidden") return 403;
    if (error_code == "not_found") return 404;
    if (error_code == "handler_failed" || error_code == "server_fault") return 500;
    return error_code == "overloaded" || error_code == "draining" ? 503 : 400;
}

Counter counter_of(int status, std::string_view error_code) {
    if (status == 401 || error_code == "forbidden") return Counter::http_unauthorised;
    if (status == 404) return Counter::http_not_found;
    if (error_code == "rate_limited") return Counter::http_rate_limited;
    if (error_code == "session_replaced" || error_code == "session_expired" || error_code == "foreign_session")
        return Counter::http_session;
    if (status < 500) return Counter::http_bad_request;
    if (error_code == "handler_failed") return Counter::http_handler_failed;
    return status == 503 ? Counter::http_unavailable : Counter::http_server_fault;
}

Rejection rejection(std::string_view error_code) {
    if (error_code == "bad_cursor") return Rejection::bad_cursor;
    if (error_code == "bad_name") return Rejection::bad_name;
    if (error_code == "unauthorised" || error_code == "forbidden") return Rejection::unauthorised;
    if (error_code == "draining") return Rejection::draining;
    if (error_code == "overloaded") return Rejection::overloaded;
    if (error_code == "handler_failed") return Rejection::handler_failed;
    return Rejection::bad_request;
}

bool opens_stream(const RouteMatch& match) { return wire_of(match.route).has_value(); }

}  // namespace

Site::Site(StreamContext& streams, SiteSettings settings, Authenticate authenticate)
    : streams_(streams),
      settings_(std::move(settings)),
      authenticate_(std::move(authenticate)),
      listeners_(streams.loop, streams.counters) {}

void Site::note(Counter counter, observe::ErrorContext context, int status, const HttpRequest* request) {
    if (stats::fault_of(counter) == nullptr) return streams_.counters.add(counter);
    if (request != nullptr) context.trace_id = trace_id_of(*request);
    if (request == nullptr) return streams_.errors.record(counter, context, {{"status", status}});
    streams_.errors.record(counter, context,
                           {{"status", status}, {"method", request->method}, {"path", request->path()}});
}

HttpResponse Site::refused(Counter counter, const HttpRequest* request, int status, std::string_view code,
                           std::string_view message) {
    note(counter, {.code = code, .text = message}, status, request);
    return error(error_type(counter), request, status, code, message);
}

HttpResponse Site::refused(Rejection why, const Asked& asked, int status, std::string_view code,
                           std::string_view message) {
    const std::string trace(trace_id_of(asked.request));
    if (streams_.log.enabled(observe::Level::info))
        write_attempt(streams_.log, {.wire = asked.wire,
                                     .player_id = asked.player_id,
                                     .remote = remote_address(asked.connection.socket()),
                                     .trace_id = trace});
    const Duration took = streams_.loop.clock().mono() - asked.connection.asked_at();
    streams_.errors.record(
        why, index_of(asked.wire),
        {.player_id = asked.player_id,
         .code = code,
         .event = asked.wire == Wire::websocket ? "WebSocket connection failed" : "SSE connection failed",
         .text = message,
         .trace_id = trace},
        {{"connection_type", protocol::to_string(asked.wire)},
         {"status", status},
         {"path", asked.request.path()},
         {"establishment_time_ms", took.seconds() * 1e3}});
    return error(error_type(stats::rejected(why)), &asked.request, status, code, message);
}

HttpResponse Site::error(std::string_view type, const HttpRequest* request, int status, std::string_view code,
                         std::string_view message) {
    hub::Answer answer = hub::error_answer(status, type, code, message, wall());
    HttpResponse response;
    response.status = answer.status;
    response.body = std::move(answer.body);
    response.headers = std::move(answer.headers);
    if (request == nullptr) return response;
    add_cors(response, cors_headers(settings_.policy, *request));
    return response;
}

HttpResponse Site::refuse(int status) {
    const auto refused = [&](Counter counter, std::string_view code, std::string_view message) {
        return this->refused(counter, nullptr, status, code, message);
    };
    switch (status) {
        case 408:
            return refused(Counter::http_timeout, "request_timeout", "The request took too long to arrive.");
        case 413:
            return refused(Counter::http_too_big, "too_big", "The body is larger than limits.body_bytes.");
        case 431:
            return refused(Counter::http_header_too_big, "header_too_big",
                           "The request head is larger than limits.header_bytes.");
        case 501:
            return refused(Counter::http_bad_request, "bad_request",
                           "Of the transfer codings only chunked is spoken here.");
        default:
            return refused(Counter::http_bad_request, "bad_request", "This is no HTTP/1.1 request.");
    }
}

// It was opened for nothing: counted as a timeout, which nobody is answered.
void Site::silent() {
    note(Counter::http_timeout, {.code = "timeout", .text = "a connection was opened and nothing was sent"}, 0,
         nullptr);
}

void Site::request(HttpConnection& connection, HttpRequest request) {
    RouteMatch match = match_route(request.method, request.path());
    connection.set_label(static_cast<int>(match.route));
    HttpResponse response;
    switch (match.route) {
        case Route::index:
        case Route::game_page:
        case Route::asset:
            response = page(match, request);
            break;
        case Route::live:
        case Route::ready:
            response = probed(match.route, request.query());
            break;
        default:
            if (is_open(match.route)) return ask_monitor(connection, request, std::move(match));
            if (settings_.application_authenticates) return ask_who(connection, std::move(request), std::move(match));
            if (opens_stream(match)) return open_stream(connection, request, match, authenticate_);
            return pass_on(connection, std::move(match), std::move(request), {});
    }
    add_cors(response, cors_headers(settings_.policy, request));
    connection.answer(std::move(response));
}

HttpResponse Site::page(const RouteMatch& match, const HttpRequest& request) {
    std::string_view name = match.parameter;
    if (match.route == Route::game_page) name = "game.html";
    if (match.route == Route::index && wants_html(request)) name = "index.html";
    if (const Page* found = find_page(name)) return page_response(*found, request);
    if (match.route != Route::index)
        return refused(Counter::http_not_found, &request, 404, "not_found", "There is no such page in this program.");
    HttpResponse response;
    response.content_type = "text/plain; charset=utf-8";
    response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
    response.body = kIndex;
    return response;
}

// It is answered off the loop, and sent on it.
void Site::ask_monitor(HttpConnection& connection, const HttpRequest& request, RouteMatch match) {
    if (!ask_monitor_)
        return connection.answer(refused(Counter::http_not_found, &request, 404, "not_found",
                                         "This server does not tell what it measures."));
    MonitorRequest question{match.route, std::move(match.parameter), std::string(request.query()),
                            request.joined_header("Accept"), request.joined_header("Accept-Encoding")};
    auto answer = [this, later = connection.answer_later(),
                   cors = cors_headers(settings_.policy, request)](MonitorAnswer told) mutable {
        streams_.loop.post([this, later, cors = std::move(cors), told = std::move(told)]() mutable {
            HttpResponse response = monitor_answer(std::move(told));
            add_cors(response, std::move(cors));
            later(std::move(response));
        });
    };
    if (!ask_monitor_(std::move(question), std::move(answer)))
        refuse(connection, request, match, {"overloaded", "Too many ask the monitor at once; try again later."});
}

void Site::open_monitor_stream(HttpConnection& connection, const HttpRequest& request, const RouteMatch& match) {
    if (draining_) return refuse(connection, request, match, {"draining", "The server is shutting down."});
    if (!listeners_.has_room())
        return refuse(connection, request, match, {"overloaded", "Too many listen to this loop's monitoring stream."});
    listeners_.open(connection.take_over(), cors_headers(settings_.policy, request));
}

HttpResponse Site::monitor_answer(MonitorAnswer answer) {
    if (answer) return std::move(answer).value();
    const Error& why = answer.error();
    const int status = status_of(why.code);
    HttpResponse response = refused(counter_of(status, why.code), nullptr, status, why.code, why.message);
    if (response.status == 503) response.headers.emplace_back("Retry-After", "1");
    return response;
}

// The application answers on a thread of its own; the connection waits, and the loop does not.
void Site::ask_who(HttpConnection& connection, HttpRequest request, RouteMatch match) {
    auto credentials = read_credentials(request, opens_stream(match) ? match.parameter : "");
    if (!credentials) return refuse(connection, request, match, credentials.error());
    const auto kept = std::make_shared<KeptRequest>(std::move(request));
    const auto go_on = [this, match, kept, still = connection.still_handling()](const hub::HandlerAnswer& answer) {
        if (HttpConnection* waiting = still()) admit(*waiting, kept->take(), match, caller_from(answer));
    };
    if (!streams_.core.ask("mythos.authenticate", std::move(*credentials), go_on))
        refuse(connection, kept->request(), match, {"overloaded", "Too many wait to be let in; try again later."});
}

// Streams are for players, commands for the session's own; everything else is the application's.
void Site::admit(HttpConnection& connection, HttpRequest request, const RouteMatch& match,
                 const Result<Caller>& caller) {
    if (opens_stream(match))
        return open_stream(connection, request, match, [&caller](const Credentials&) { return player_of(caller); });
    if (!caller) return refuse(connection, request, match, caller.error());
    if (match.route != Route::commands && !caller->is_application())
        return refuse(connection, request, match, {"forbidden", "This route is the application's, not its players'."});
    pass_on(connection, match, std::move(request), caller->player_id);
}

void Site::refuse(HttpConnection& connection, const HttpRequest& request, const RouteMatch& match, const Error& why) {
    if (const auto wire = wire_of(match.route)) {
        Asked asked{connection, request, *wire, named_player(request, match.parameter)};
        return refuse_stream(connection, asked, why);
    }
    const int status = status_of(why.code);
    HttpResponse response = refused(counter_of(status, why.code), &request, status, why.code, why.message);
    if (response.status == 503) response.headers.emplace_back("Retry-After", "1");
    connection.answer(std::move(response));
}

void Site::open_stream(HttpConnection& connection, const HttpRequest& request, const RouteMatch& match,
                       const Authenticate& authenticate) {
    if (match.route == Route::websocket) return open_websocket(connection, request, match.parameter, authenticate);
    open_event_stream(connection, request, match.parameter, authenticate);
}

Result<hub::ConnectRequest> Site::read_connect(HttpConnection& connection, const HttpRequest& request, Wire wire,
                                               const std::string& player, const Authenticate& authenticate) {
    Asked asked{connection, request, wire, {}};
    const auto noted = [&](const Credentials& credentials) {
        auto who = authenticate(credentials);
        if (who) asked.player_id = *who;
        return who;
    };
    auto connect = read_connect_request(request, wire, player, settings_.mode_default, noted);
    if (connect) return connect;
    if (asked.player_id.empty()) asked.player_id = named_player(request, player);
    refuse_stream(connection, asked, connect.error());
    return connect;
}

void Site::refuse_stream(HttpConnection& connection, const Asked& asked, const Error& why) {
    HttpResponse response = refused(rejection(why.code), asked, status_of(why.code), why.code, why.message);
    if (response.status == 503) response.headers.emplace_back("Retry-After", "1");
    connection.answer(std::move(response));
}

void Site::open_websocket(HttpConnection& connection, const HttpRequest& request, const std::string& player,
                          const Authenticate& authenticate) {
    const std::string upgrade = request.joined_header("Upgrade");
    const std::string connection_header = request.joined_header("Connection");
    const auto checked =
        protocol::check_ws_upgrade({request.method, upgrade, connection_header, request.header("Sec-WebSocket-Version"),
                                    request.header("Sec-WebSocket-Key")});
    if (!checked) {
        const bool bad_key = checked.error().code == "bad_key";
        const Asked asked{connection, request, Wire::websocket, named_player(request, player)};
        auto response =
            refused(Rejection::bad_upgrade, asked, bad_key ? 400 : 426, "bad_upgrade", checked.error().message);
        if (!bad_key) response.headers.emplace_back("Sec-WebSocket-Version", "13");
        if (!bad_key) response.headers.emplace_back("Upgrade", "websocket");
        return connection.answer(std::move(response));
    }
    auto connect = read_connect(connection, request, Wire::websocket, player, authenticate);
    if (!connect) return;
    std::optional<protocol::WsDeflateAgreement> deflate;
    if (settings_.deflate) deflate = protocol::negotiate_ws_deflate(request.joined_header("Sec-WebSocket-Extensions"));
    connect->deflate = deflate.has_value();
    Opening opening;
    opening.head = WsConnection::upgrade_head(request, deflate);
    opening.cors = cors_headers(settings_.policy, request);
    opening.player_id = connect->player_id;
    opening.trace_id = connect->trace_id = trace_id_of(request);
    opening.began = connection.asked_at();
    WsConnection::open(streams_, connection.take_over(), std::move(*connect), std::move(opening));
}

void Site::open_event_stream(HttpConnection& connection, const HttpRequest& request, const std::string& player,
                             const Authenticate& authenticate) {
    auto connect = read_connect(connection, request, Wire::sse, player, authenticate);
    if (!connect) return;
    Opening opening;
    opening.cors = cors_headers(settings_.policy, request);
    opening.head = SseConnection::stream_head(opening.cors, wall());
    opening.player_id = connect->player_id;
    opening.trace_id = connect->trace_id = trace_id_of(request);
    opening.began = connection.asked_at();
    SseConnection::open(streams_, connection.take_over(), std::move(*connect), std::move(opening));
}

void Site::pass_on(HttpConnection& connection, RouteMatch match, HttpRequest request, const std::string& player_id) {
    if (is_monitors(match.route)) return ask_monitor(connection, request, std::move(match));
    if (match.route == Route::drain) return connection.answer(begin_drain(request));
    if (match.route == Route::monitoring_stream) return open_monitor_stream(connection, request, match);
    if (is_alert_engines(match.route)) return ask_alert_engine(connection, request, match);
    hub::AnswerTo answer = hub_answer(connection, request);
    auto cors = cors_headers(settings_.policy, request);
    const auto asked =
        ask_hub(streams_.core, std::move(match), std::move(request), player_id, now(), std::move(answer));
    if (asked) return;
    HttpResponse refusal = refused(Counter::http_bad_request, nullptr, 400, asked.error().code, asked.error().message);
    add_cors(refusal, std::move(cors));
    connection.answer(std::move(refusal));
}

// A line for a request that the hub answers, where such lines are written: without the query, which may hold a ticket.
Site::TellAnswered Site::answered_line(const HttpRequest& request) {
    if (!streams_.log.enabled(observe::Level::debug)) return [](int) {};
    observe::Log& log = streams_.log.named("server.api");
    return [&log, &clock = streams_.loop.clock(), method = std::string(request.method),
            path = std::string(request.path()), trace = std::string(trace_id_of(request)), began = now()](int status) {
        std::vector<observe::Field> fields{{"method", method},
                                           {"path", path},
                                           {"status", status},
                                           {"duration_ms", (clock.mono() - began).seconds() * 1e3}};
        if (!trace.empty()) fields.emplace_back("trace_id", trace);
        log.write(observe::Level::debug, "HTTP request", fields);
    };
}

hub::AnswerTo Site::hub_answer(HttpConnection& connection, const HttpRequest& request) {
    return [told = answered_line(request), later = connection.answer_later(),
            cors = cors_headers(settings_.policy, request), trace = std::string(trace_id_of(request)),
            this](hub::Answer answer) mutable {
        told(answer.status);
        if (answer.status >= 400)
            note(counter_of(answer.status, answer.error_code), {.code = answer.error_code, .trace_id = trace},
                 answer.status, nullptr);
        HttpResponse response;
        response.status = answer.status;
        response.body = std::move(answer.body);
        response.headers = std::move(answer.headers);
        add_cors(response, std::move(cors));
        later(std::move(response));
    };
}

}  // namespace mythos::transport
