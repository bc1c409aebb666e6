// The seam behind which a connection's player is found out: tokens and tickets come with a later issue.
//
// Called on a loop's thread, by several loops at once; must not block and must not throw.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mythos::transport {

// What a request brings along to show who it is. Views into the request.
struct Credentials {
    std::string_view named_player;  // by path or `?player_id=`; empty where the request names none
    std::string_view authorization;
    std::string_view cookie;
    std::string_view bearer;  // the token in Sec-WebSocket-Protocol
    std::string_view ticket;  // `?ticket=`
};

// The player, or why not: `unauthorised` becomes 401, everything else 400.
using Authenticate = std::function<Result<std::string>(const Credentials&)>;

// Authentication is off: whoever names a player is that player. Error `bad_name` where none is named.
Authenticate authenticate_none();

}  // namespace mythos::transport
