// What a WebSocket or event stream request asks for, checked before anything is opened.
// Stateless; any thread that may call the `Authenticate` it is given.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "hub/outlet.hpp"
#include "transport/authenticate.hpp"
#include "transport/http_message.hpp"

namespace mythos::transport {

// `path_player`: decoded, empty for `/api/ws` and `/api/events`, which take the player from the token or the query.
// Errors: `bad_request` (a broken query, an unknown mode), `bad_name` (player, session or client), `bad_cursor`,
// `unauthorised`. The Last-Event-ID header wins over `?cursor=`, which browsers repeat for ever.
// `mode_default` is for requests that name no mode.
Result<hub::ConnectRequest> read_connect_request(const HttpRequest& request, protocol::Wire wire,
                                                 std::string_view path_player, protocol::Mode mode_default,
                                                 const Authenticate& authenticate);

// The player that a request names, whether or not it may speak for it; empty where it names none, or no valid name.
std::string named_player(const HttpRequest& request, std::string_view path_player);

// What the request shows of who it is, for an application that is asked; errors as above.
Result<std::string> read_credentials(const HttpRequest& request, std::string_view path_player);

}  // namespace mythos::transport
