#include "protocol/wire_side.hpp"

#include <algorithm>
#include <utility>

namespace mythos::protocol {

using Phase = WireLink::Phase;

WireStatus WireSide::status() const {
    switch (link.phase()) {
        case Phase::off:
            return WireStatus::off;
        case Phase::waiting:
            return WireStatus::closed;
        case Phase::connecting:
            return WireStatus::connecting;
        case Phase::barred:
            return WireStatus::barred;
        case Phase::refused:
            return WireStatus::refused;
        case Phase::welcomed:
            break;
    }
    if (link.missed()) return WireStatus::unhealthy;
    return standby ? WireStatus::standby : WireStatus::live;
}

void WireSide::tell(Wire wire, Outputs& outputs) {
    const WireStatus current = status();
    if (std::exchange(told, current) != current) outputs.push_back(WireChanged{wire, current, reason});
}

Route route_of(const WireSides& sides, bool post_blocked) {
    const WireLink& websocket = sides[index_of(Wire::websocket)].link;
    const WireLink& sse = sides[index_of(Wire::sse)].link;
    if (websocket.healthy()) return {Route::By::websocket, websocket.attempt()};
    if (sse.healthy() && !post_blocked) return {Route::By::post, 0};
    if (websocket.live()) return {Route::By::websocket, websocket.attempt()};
    if (sse.live() && !post_blocked) return {Route::By::post, 0};
    return {};
}

void tell_failover(std::optional<Wire>& carrier, const WireSides& sides, const Merge& merge, Outputs& outputs) {
    const auto carries = [&](Wire wire) { return sides[index_of(wire)].link.healthy() && merge.covers(wire); };
    if (carrier && carries(*carrier)) return;
    for (Wire wire : kClientWires) {
        if (!carries(wire)) continue;
        if (carrier) outputs.push_back(FailedOver{*carrier, wire});
        carrier = wire;
        return;
    }
}

bool all_ended(const WireSides& sides) {
    return std::all_of(sides.begin(), sides.end(), [](const WireSide& s) {
        return s.link.phase() == Phase::barred || s.link.phase() == Phase::off;
    });
}

}  // namespace mythos::protocol
