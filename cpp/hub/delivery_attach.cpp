// The part of Delivery that begins a stream: where it stands, what its welcome says,
// and the gap that follows where something is missing.
#include <algorithm>

#include "hub/delivery.hpp"
#include "hub/mutants.hpp"
#include "protocol/envelope.hpp"
#include "protocol/sse.hpp"
#include "protocol/ws_frame.hpp"

namespace mythos::hub {

using protocol::Wire;
using stats::Counter;

namespace {

// Reconnects of many EventSources should not come at once: 0.5 s to 1.5 s, by connection.
std::uint32_t retry_ms(ConnectionKey key) {
    return 500 + static_cast<std::uint32_t>((key * 2'654'435'761ULL >> 8) % 1'000);
}

}  // namespace

// Decides base and gap. The welcome repeats the given cursor until the gap is told, so
// that a wire that dies in between loses nothing.
std::optional<protocol::Gap> Delivery::place(Stream& stream, const Admitted& admitted, const ConnectRequest& request,
                                             protocol::Welcome& welcome) {
    const SessionView& view = *stream.view;
    const Seq floor = pinned_ - 1;  // the lowest base from which a stream can be complete
    Seq base = admitted.after;
    std::optional<std::uint64_t> lost;
    const auto owed_floor = view.owed_up_to(floor);
    const auto owed_base = view.owed_up_to(base);
    if (owed_floor && owed_base) lost = *owed_floor - std::min(*owed_floor, *owed_base);
    const bool hole = base < floor && lost != std::optional<std::uint64_t>(0);

    std::optional<protocol::Gap> gap;
    welcome.cursor = id(base);
    switch (admitted.standby ? Start::head : admitted.start) {
        case Start::head:
            if (hole && !admitted.standby) base = floor;
            if (mutant(Mutant::welcome_cursor_too_high)) ++base;
            welcome.cursor = id(base);
            break;
        case Start::resumed:
            welcome.recovered = !hole;
            if (hole) gap = protocol::Gap{*request.cursor, {}, lost, floor - base, "retention"};
            break;
        case Start::session_expired:
            welcome.recovered = false;
            gap = protocol::Gap{*request.cursor, {}, {}, {}, "session_expired"};
            gap->at_most = std::max(base, floor) - parse_cursor(*request.cursor).value_or(Cursor{}).seq;
            break;
        case Start::foreign_epoch:
        case Start::future_cursor:
            welcome.recovered = false;
            gap = protocol::Gap{
                {}, {}, {}, {}, admitted.start == Start::foreign_epoch ? "foreign_epoch" : "future_cursor"};
            break;
    }
    stream.base = stream.cursor = base;
    if (gap) {
        welcome.cursor = *request.cursor;
        stream.base = stream.cursor = std::max(base, floor);
        gap->before = id(stream.base + 1);
    }
    open_account(stream, admitted, base, gap && gap->lost ? *gap->lost : 0);
    return gap;
}

void Delivery::attach(Stream& stream, const Admitted& admitted, const ConnectRequest& request) {
    SessionView& view = *stream.view;
    stream.next_of_view = std::exchange(view.streams, &stream);
    stream.client = admitted.client;
    stream.wire = request.wire;
    stream.deflate = request.deflate;
    stream.standby = admitted.standby;
    stream.welcomed = true;
    stream.events = BlackBox(now_, admitted.opened_at);
    stream.events.note(BlackBox::Event::opened, now_,
                       {static_cast<std::uint64_t>(admitted.start), admitted.standby, view.subs.size()});
    survey.enter(stream);

    protocol::Welcome welcome;
    welcome.session_id = admitted.names.session_id;
    welcome.client_id = admitted.names.client_id;
    welcome.connection_id = admitted.names.connection_id;
    welcome.player_id = admitted.player_id;
    welcome.wire = request.wire;
    welcome.mode = admitted.standby ? "standby" : "mirror";
    welcome.epoch = epoch_;
    welcome.head = id(position_);
    stream.heartbeat_ms = static_cast<std::uint32_t>(settings_.heartbeat.ms());
    welcome.heartbeat_ms = stream.heartbeat_ms;
    welcome.resume_window_s = settings_.grace.ns / 1'000'000'000;
    const auto gap = place(stream, admitted, request, welcome);
    if (!stream.standby) {
        const auto owed = view.owed_up_to(position_);
        if (owed && stream.owed_known) welcome.replayed = *owed - std::min(*owed, stream.owed_at_cursor);
        counters_.add(Counter::replayed, welcome.replayed);
        if (welcome.replayed > 0) stream.events.note(BlackBox::Event::replayed, now_, {welcome.replayed});
    }

    const std::size_t wire = index_of(stream.wire);
    stream.client->sent[wire].store(stream.cursor, std::memory_order_relaxed);
    if (!stream.standby) stream.client->living[wire].fetch_add(1);
    const bool websocket = stream.wire == Wire::websocket;
    counters_.add(websocket ? Counter::opened_websocket : Counter::opened_sse);
    if (admitted.reconnect) counters_.add(websocket ? Counter::reconnects_websocket : Counter::reconnects_sse);

    stream.outlet->admitted(admitted.names);
    const std::string json = protocol::welcome_json(welcome);
    if (stream.wire == Wire::websocket) {
        protocol::append_ws_frame(stream.control, protocol::WsOpcode::text, json);
    } else {
        protocol::append_sse_block(stream.control, welcome.cursor, json, retry_ms(stream.key));
    }
    if (gap) {
        tell_gap(stream, *gap);
        stream.events.note(BlackBox::Event::gap, now_, {stream.base + 1, gap->lost ? *gap->lost + 1 : 0});
    }
    queue(stream);
    if (view.ended != 0) close_ended(stream);
}

}  // namespace mythos::hub
