// The seam behind which a connection's player is found out: tokens and tickets come with a later issue.
//
// An Authenticate is called on a loop's thread, by several loops at once; it must not block and must not throw. An
// application in the same process is asked instead by `LoopCore::ask`, and takes its time.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "hub/handlers.hpp"

namespace mythos::transport {

// What a request brings along to show who it is. Views into the request.
struct Credentials {
    std::string_view named_player;  // by path or `?player_id=`; empty where the request names none
    std::string_view authorization;
    std::string_view cookie;
    std::string_view bearer;  // the token in Sec-WebSocket-Protocol
    std::string_view ticket;  // `?ticket=`
};

// The player, or why not: `unauthorised` becomes 401, `forbidden` 403, `overloaded` and `draining` 503,
// `handler_failed` 500, everything else 400.
using Authenticate = std::function<Result<std::string>(const Credentials&)>;

// `{"player_id","authorization","cookie","token","ticket"}` for an application that authenticates, each null where the
// request has none. `token` is the bearer's, from whichever header.
std::string credentials_json(const Credentials& credentials);

// Whom the application knows a caller as.
struct Caller {
    std::string player_id;  // empty: it is the application itself, by another way in

    bool is_application() const { return player_id.empty(); }
};

// What the application found out. Its answer's data is the player, a JSON string, or `{"application":true}`. Errors:
// the application's own, such as `unauthorised`; `handler_failed` for an answer that is neither.
Result<Caller> caller_from(const hub::HandlerAnswer& answer);

// The player that a stream is for. Error `forbidden`: the application is none.
Result<std::string> player_of(const Result<Caller>& caller);

// Authentication is off: whoever names a player is that player. Error `bad_name` where none is named.
Authenticate authenticate_none();

}  // namespace mythos::transport
