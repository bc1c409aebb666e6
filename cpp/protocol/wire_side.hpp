// One wire of a client as the client sees it: its link, its part in the stream, and
// what the application was last told about it. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "protocol/client_output.hpp"
#include "protocol/client_wires.hpp"
#include "protocol/command_book.hpp"
#include "protocol/merge.hpp"
#include "protocol/wire_link.hpp"

namespace mythos::protocol {

struct WireSide {
    WireSide(const ClientConfig& config, Jitter& jitter) : link(config, jitter) {}

    WireLink link;
    bool standby = false;  // carries heartbeats only, as far as is known
    Cursor welcome_cursor;
    std::string reason;  // of the latest change
    WireStatus told = WireStatus::off;

    bool open() const { return link.phase() == WireLink::Phase::connecting || link.live(); }
    WireStatus status() const;

    // Tells the application if the status changed since it was last told.
    void tell(Wire wire, Outputs& outputs);
};

using WireSides = std::array<WireSide, 2>;

// How a message of the client goes out: by a healthy WebSocket, else by POST while an SSE
// stream shows that the server is there, else by a WebSocket in doubt.
Route route_of(const WireSides& sides, bool post_blocked);

// Keeps `carrier` the healthy wire that carries the stream on; tells the application
// when that becomes another one.
void tell_failover(std::optional<Wire>& carrier, const WireSides& sides, const Merge& merge, Outputs& outputs);

// Whether no wire will come back without the application.
bool all_ended(const WireSides& sides);

}  // namespace mythos::protocol
