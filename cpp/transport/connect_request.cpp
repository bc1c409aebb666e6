#include "transport/connect_request.hpp"

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "protocol/ws_handshake.hpp"
#include "transport/uri.hpp"

namespace mythos::transport {
namespace {

const Error kBadQuery{"bad_request", "The query has a broken percent escape."};

Error bad_name(std::string_view what) {
    return {"bad_name", std::string(what) + " must be 1 to " + std::to_string(kNameBytesMax) +
                            " characters of A-Z, a-z, 0-9, '.', '_', ':', '@', '-'."};
}

// The position to go on after, as text; empty where none is named.
std::string given_cursor(const HttpRequest& request, const QueryParameters& query) {
    const std::string_view header = request.header("Last-Event-ID");
    return header.empty() ? query.text("cursor") : std::string(header);
}

Result<std::string> find_player(const HttpRequest& request, const QueryParameters& query, std::string_view path_player,
                                const Authenticate& authenticate) {
    const std::string named = path_player.empty() ? query.text("player_id") : std::string(path_player);
    if (!named.empty() && !is_valid_name(named, kNameBytesMax)) return bad_name("A player id");
    const std::string protocols = request.joined_header("Sec-WebSocket-Protocol");
    const std::string ticket = query.text("ticket");
    Credentials credentials;
    credentials.named_player = named;
    credentials.authorization = request.header("Authorization");
    credentials.cookie = request.header("Cookie");
    credentials.bearer = protocol::read_ws_subprotocols(protocols).bearer.value_or("");
    credentials.ticket = ticket;
    return authenticate(credentials);
}

}  // namespace

std::string named_player(const HttpRequest& request, std::string_view path_player) {
    std::string named(path_player);
    if (named.empty())
        if (const auto query = QueryParameters::parse(request.query())) named = query->text("player_id");
    return is_valid_name(named, kNameBytesMax) ? named : std::string{};
}

Result<std::string> read_credentials(const HttpRequest& request, std::string_view path_player) {
    const auto query = QueryParameters::parse(request.query());
    if (!query) return kBadQuery;
    return find_player(request, *query, path_player, [](const Credentials& credentials) -> Result<std::string> {
        return credentials_json(credentials);
    });
}

Result<hub::ConnectRequest> read_connect_request(const HttpRequest& request, protocol::Wire wire,
                                                 std::string_view path_player, protocol::Mode mode_default,
                                                 const Authenticate& authenticate) {
    const auto query = QueryParameters::parse(request.query());
    if (!query) return kBadQuery;

    auto player = find_player(request, *query, path_player, authenticate);
    if (!player) return player.error();

    hub::ConnectRequest connect;
    connect.wire = wire;
    connect.player_id = std::move(*player);
    connect.session_id = query->text("session_id");
    connect.client_id = query->text("client_id");
    if (!connect.session_id.empty() && !is_valid_name(connect.session_id, kNameBytesMax))
        return bad_name("A session id");
    if (!connect.client_id.empty() && !is_valid_name(connect.client_id, kNameBytesMax)) return bad_name("A client id");

    if (std::string cursor = given_cursor(request, *query); !cursor.empty()) {
        if (!parse_cursor(cursor)) return Error{"bad_cursor", "A cursor is <epoch>-<seq>, as in the id of an entry."};
        connect.cursor = std::move(cursor);
    }
    if (const std::string attempt = query->text("attempt"); !attempt.empty()) {
        const auto number = number_in<std::uint64_t>(attempt);
        if (!number) return Error{"bad_request", "attempt is a number that grows with each try of this client."};
        connect.attempt = *number;
    }
    const std::string mode = query->text("mode");
    if (mode.empty())
        connect.mode = mode_default;
    else if (mode == "standby")
        connect.mode = protocol::Mode::standby;
    else if (mode != "mirror")
        return Error{"bad_request", "The mode is mirror or standby."};
    return connect;
}

}  // namespace mythos::transport
