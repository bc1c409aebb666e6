// The opening handshake of RFC 6455 section 4, on plain header values.
//
// Stateless; any thread may call anything. HTTP itself (parsing, routes, Origin) is
// the transport's; extensions are ws_extension.hpp's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mythos::protocol {

inline constexpr std::string_view kMythosSubprotocol = "mythos.v1";

// The values as they stood in the request; empty where the header was missing.
struct WsUpgradeHeaders {
    std::string_view method;
    std::string_view upgrade;
    std::string_view connection;
    std::string_view version;  // Sec-WebSocket-Version
    std::string_view key;      // Sec-WebSocket-Key
};

// True where `Upgrade: websocket` asks for this protocol: what a router looks at.
bool is_ws_upgrade(const WsUpgradeHeaders& headers);

// Errors: `not_an_upgrade`, `bad_method`, `bad_key` (each 400), and `bad_version`, to be
// answered with 426 and `Sec-WebSocket-Version: 13` (RFC 6455 4.4).
Result<void> check_ws_upgrade(const WsUpgradeHeaders& headers);

// 16 bytes in base64: 22 characters and "==".
bool is_valid_ws_key(std::string_view key);

// Sec-WebSocket-Accept for a key.
std::string ws_accept(std::string_view key);

// Client: a key from 16 random bytes of the caller's.
std::string make_ws_key(const std::array<std::uint8_t, 16>& random);

// Client: whether a 101 answers `key`.
Result<void> check_ws_answer(std::string_view key, std::string_view upgrade, std::string_view connection,
                             std::string_view accept);

// `Sec-WebSocket-Protocol: mythos.v1, bearer, <jwt>`: a token for browsers, which can set no header.
struct WsSubprotocols {
    std::vector<std::string_view> offered;   // in the client's order; views into the header
    bool mythos_v1 = false;                  // answer `mythos.v1`; never echo the token
    std::optional<std::string_view> bearer;  // the element after `bearer`
};

WsSubprotocols read_ws_subprotocols(std::string_view header);

// Whether a comma-separated list holds `token`, in any case (RFC 7230 7).
bool list_has_token(std::string_view header, std::string_view token);

}  // namespace mythos::protocol
