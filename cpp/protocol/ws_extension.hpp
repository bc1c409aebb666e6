// Negotiation of permessage-deflate in Sec-WebSocket-Extensions (RFC 6455 9.1, RFC 7692 7.1).
//
// Stateless; any thread may call anything. Where a request carries the header several times, join
// the values with ", " first (RFC 6455 11.3.2). An unknown extension, and an offer with unknown, repeated or
// ill-valued parameters, is passed over, and the next one looked at (RFC 7692 7.1: "MUST decline").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mythos::protocol {

struct WsExtensionParameter {
    std::string name;
    std::optional<std::string> value;  // unquoted, unescaped
};

struct WsExtension {
    std::string name;
    std::vector<WsExtensionParameter> parameters;
};

// Error `bad_extensions` on a header that does not match the grammar. Names are lower-cased.
Result<std::vector<WsExtension>> parse_ws_extensions(std::string_view header);

// What both sides agreed on.
struct WsDeflateAgreement {
    bool server_no_context_takeover = true;
    bool client_no_context_takeover = true;
    // Nothing: not spoken of, so 15. The client's window is never limited: our inflater reads every size.
    std::optional<std::uint8_t> server_max_window_bits;
    friend bool operator==(const WsDeflateAgreement&, const WsDeflateAgreement&) = default;
};

// What a server is willing to agree to. The default serves frames that all receivers
// share and keeps no window for an idle connection; `mythos-echo` uses `any`.
struct WsDeflatePolicy {
    std::uint8_t server_window_bits_min = 15;  // an offer that requires less is declined
    bool server_context_takeover = false;      // keep our own window where the client does not object
    bool client_context_takeover = false;      // let the client keep its window (we then keep an inflater)
    static constexpr WsDeflatePolicy any() { return {9, true, true}; }
};

// The first acceptable offer; nothing: answer without the extension.
std::optional<WsDeflateAgreement> negotiate_ws_deflate(std::string_view offers, const WsDeflatePolicy& policy = {});

// The server's answer for Sec-WebSocket-Extensions.
std::string ws_deflate_answer(const WsDeflateAgreement& agreement);

// What our own clients offer: no context takeover on either side.
std::string_view ws_deflate_offer();

// Client: reads the server's answer to `ws_deflate_offer`. No header: no compression. An
// answer to something that was not offered is an error: fail the connection (RFC 6455 4.1).
Result<std::optional<WsDeflateAgreement>> read_ws_deflate_answer(std::string_view answer);

}  // namespace mythos::protocol
