// The part of a loop that lets connections in and out.
#include "base/limits.hpp"
#include "hub/loop_impl.hpp"
#include "protocol/ws_frame.hpp"

namespace mythos::hub {

using protocol::CloseCode;
using protocol::Wire;
using stats::CloseReason;
using stats::Counter;

Stream* LoopCore::Impl::find(ConnectionKey key) {
    const auto it = streams.find(key);
    return it == streams.end() ? nullptr : &it->second;
}

ConnectionKey LoopCore::Impl::open(ConnectRequest request, Outlet* outlet, MonoTime now) {
    const ConnectionKey key = node.next_key.fetch_add(1, std::memory_order_relaxed);
    Stream& stream = streams[key];
    stream.key = key;
    stream.outlet = outlet;
    stream.wire = request.wire;
    stream.heard = now;
    stream.entrance = std::make_unique<Entrance>();
    stream.entrance->request = std::move(request);
    operate([this, key](Hub& hub) { decide(hub, key); });
    return key;
}

void LoopCore::Impl::decide(Hub& hub, ConnectionKey key) {
    Stream* stream = find(key);
    if (stream == nullptr) return;  // hung up before its turn came
    const std::size_t existing = hub.connections_of(stream->entrance->request.player_id);
    auto outcome = hub.connect(stream->entrance->request, key, index);
    after_unlock_.push_back([this, key, existing] { tell_attempt(key, existing); });
    if (auto* refusal = std::get_if<Refusal>(&outcome)) {
        when_visible(refusal->visible_at, [this, key, refusal = *refusal, asked = stream->heard,
                                           request = std::move(stream->entrance->request)] {
            refuse(refusal, request, asked);
            if (Stream* s = find(key)) {
                Outlet* outlet = s->outlet;
                streams.erase(key);
                outlet->refused(refusal);
            }
        });
        return;
    }
    Entrance& entrance = *stream->entrance;
    entrance.admitted = std::move(std::get<Admitted>(outcome));
    entrance.decided = true;
    stream->session = entrance.admitted.session;
    stream->view = &delivery.expect(entrance.admitted);
    stream->client = entrance.admitted.client;
    when_visible(entrance.admitted.visible_at, [this, key] { enter(key); });
}

void LoopCore::Impl::tell_attempt(ConnectionKey key, std::size_t existing) {
    const Stream* stream = find(key);
    if (stream == nullptr) return;
    stream->outlet->attempted(existing, stream->entrance->admitted.names.connection_id);
}

// The session's opening is visible: the stream begins.
void LoopCore::Impl::enter(ConnectionKey key) {
    Stream* stream = find(key);
    if (stream == nullptr) return;
    const auto entrance = std::move(stream->entrance);
    delivery.attach(*stream, entrance->admitted, entrance->request);
    note_opened(*entrance);
    const MonoTime now = node.clock.mono();
    start_pulse(*stream, now);
    if (entrance->close) close(*stream, *entrance->close, entrance->close_reason, now);
}

// Here and not where it is decided: only who was welcomed has been connected.
void LoopCore::Impl::note_opened(const Entrance& entrance) const {
    if (node.history == nullptr) return;
    const Admitted& admitted = entrance.admitted;
    node.history->push({.kind = store::Event::Kind::connection_opened,
                        .wire = entrance.request.wire,
                        .created_at = admitted.opened_at,
                        .player_id = admitted.player_id,
                        .session_id = admitted.names.session_id,
                        .client_id = admitted.names.client_id,
                        .connection_id = admitted.names.connection_id,
                        .remote = entrance.request.remote});
}

// Its last bytes are on their way, or stuck: not for ever.
void LoopCore::Impl::drop_in_time(Stream& stream, MonoTime now) {
    if (stream.dropping) return;
    stream.dropping = true;
    stream.end_at = now + kCloseBound;
    arm(stream, stream.end_at);
}

void LoopCore::Impl::close(Stream& stream, CloseCode code, std::string_view reason, MonoTime now) {
    if (stream.entrance) {
        stream.entrance->close = code;
        stream.entrance->close_reason = reason;
        return;
    }
    delivery.set_now(now);
    delivery.request_close(stream, code, reason, false);
    drop_in_time(stream, now);
}

std::optional<Ending> LoopCore::Impl::gone(ConnectionKey key, MonoTime now) {
    const auto it = streams.find(key);
    if (it == streams.end()) return std::nullopt;
    Stream& stream = it->second;
    std::optional<Ending> ending;
    if (!stream.welcomed)
        counters.add(stream.wire == Wire::websocket ? Counter::failed_websocket_peer_gone
                                                    : Counter::failed_sse_peer_gone);
    if (stream.view != nullptr) {
        if (stream.welcomed) {
            ending = ending_of(stream);
            note_closed(stream, ending->reason);
            latencies[stream.wire == protocol::Wire::websocket ? stats::Latency::lasted_websocket
                                                               : stats::Latency::lasted_sse]
                .record(static_cast<std::uint64_t>((now - stream.events.opened()).ns / 1'000));
            delivery.detach(stream);
            keep_closed(stream, ending->reason, now);
        } else {
            delivery.unexpect(stream.session);
        }
        operate([key, ending](Hub& hub) { hub.disconnected(key, ending); });
    }
    streams.erase(it);
    return ending;
}

void LoopCore::Impl::apply(Effect& effect, MonoTime now) {
    if (effect.kind == Effect::Kind::forget_targets) {
        delivery.forget_targets(effect.targets);
        return;
    }
    Stream* stream = find(effect.key);
    if (stream == nullptr) return;
    switch (effect.kind) {
        case Effect::Kind::close:
            stream->asked = effect.asked;
            close(*stream, effect.code, effect.reason, now);
            break;
        case Effect::Kind::promote:
            if (stream->entrance) {
                // Not welcomed yet: it simply begins as the active one, after the cursor that it named.
                Admitted& admitted = stream->entrance->admitted;
                if (!admitted.standby) break;
                admitted.standby = false;
                admitted.after = effect.cursor;
                const auto& named = stream->entrance->request.cursor;
                if (admitted.start == Start::resumed || admitted.start == Start::session_expired)
                    admitted.after = std::max(parse_cursor(*named)->seq, admitted.opened_seq);
            } else {
                delivery.promote(*stream, effect.cursor);
            }
            break;
        case Effect::Kind::demote:
            if (stream->entrance) {
                stream->entrance->admitted.standby = true;
            } else {
                delivery.demote(*stream);
            }
            break;
        case Effect::Kind::forget_targets:
            break;
    }
}

Ending LoopCore::Impl::ending_of(const Stream& stream) {
    if (stream.closing == Stream::Closing::no) return {CloseReason::peer_gone, kNoCloseCode};
    const std::uint16_t code = stream.echo_code != 0 ? stream.echo_code : protocol::number(stream.close_code);
    return {close_reason(stream), code};
}

CloseReason LoopCore::Impl::close_reason(const Stream& stream) {
    if (stream.idle) return CloseReason::idle_timeout;
    if (stream.asked) return CloseReason::disconnected;
    switch (stream.close_code) {
        case CloseCode::normal:
            return CloseReason::normal;
        case CloseCode::going_away:
            return CloseReason::draining;
        case CloseCode::protocol_error:
            return CloseReason::protocol_error;
        case CloseCode::unsupported:
            return CloseReason::unsupported;
        case CloseCode::not_utf8:
            return CloseReason::not_utf8;
        case CloseCode::policy:
            return CloseReason::policy;
        case CloseCode::too_big:
            return CloseReason::too_big;
        case CloseCode::session_replaced:
            return CloseReason::session_replaced;
        case CloseCode::displaced:
            return CloseReason::displaced;
        case CloseCode::heartbeat_missed:
            return CloseReason::heartbeat_missed;
        case CloseCode::too_slow:
            return CloseReason::too_slow;
        default:
            return CloseReason::server_fault;
    }
}

void LoopCore::Impl::note_closed(const Stream& stream, CloseReason why) {
    const Counter counter = stats::closed(why, index_of(stream.wire));
    if (stats::fault_of(counter) == nullptr) return counters.add(counter);
    const std::string_view reason = stream.close_reason ? std::string_view(*stream.close_reason) : std::string_view();
    observe::ErrorContext context = sender_of(stream);
    context.text = reason;
    errors.record(counter, context,
                  {{"connection_type", protocol::to_string(stream.wire)}, {"close_code", number(stream.close_code)}});
}

void LoopCore::Impl::refuse(const Refusal& refusal, const ConnectRequest& request, MonoTime asked) {
    const bool websocket = request.wire == protocol::Wire::websocket;
    errors.record(refusal.why, index_of(request.wire),
                  {.player_id = request.player_id,
                   .session_id = request.session_id,
                   .code = refusal.error_code,
                   .event = websocket ? "WebSocket connection failed" : "SSE connection failed",
                   .text = refusal.message,
                   .trace_id = request.trace_id},
                  {{"connection_type", protocol::to_string(request.wire)},
                   {"close_code", number(refusal.code)},
                   {"establishment_time_ms", (node.clock.mono() - asked).seconds() * 1e3}});
}

ConnectionKey LoopCore::open(ConnectRequest request, Outlet* outlet, MonoTime now) {
    return impl_->open(std::move(request), outlet, now);
}

void LoopCore::close(ConnectionKey key, CloseCode code, std::string_view reason, MonoTime now) {
    Stream* stream = impl_->find(key);
    if (stream == nullptr) return;
    impl_->close(*stream, code, reason, now);
    impl_->operate([key](Hub& hub) { hub.leaving(key); });
}

void LoopCore::peer_closed(ConnectionKey key, std::uint16_t code, MonoTime now) {
    Stream* stream = impl_->find(key);
    if (stream == nullptr) return;
    stream->echo_code = code;
    close(key, CloseCode::normal, {}, now);
}

std::optional<Ending> LoopCore::gone(ConnectionKey key, MonoTime now) { return impl_->gone(key, now); }

void LoopCore::writable(ConnectionKey key, MonoTime now) {
    Stream* stream = impl_->find(key);
    if (stream == nullptr) return;
    stream->heard = now;  // a slow reader lives as long as it takes something
    if (stream->blocked) stream->events.drained(now);
    impl_->delivery.writable(*stream);
}

void LoopCore::heard(ConnectionKey key, MonoTime now) {
    if (Stream* stream = impl_->find(key)) stream->heard = now;
}

void LoopCore::ping_received(ConnectionKey key, std::string_view payload, MonoTime now) {
    Stream* stream = impl_->find(key);
    if (stream == nullptr || !stream->welcomed) return;
    stream->heard = now;
    std::string frame;
    protocol::append_ws_frame(frame, protocol::WsOpcode::pong, payload);
    impl_->delivery.send_raw(*stream, frame);
}

void LoopCore::drain(Duration spread, std::string_view reason, MonoTime now) {
    if (std::exchange(impl_->drains, true)) return;  // everybody was told
    impl_->node.draining.store(true, std::memory_order_release);
    impl_->operate([](Hub& hub) { hub.set_draining(true); });
    // Few need no spread to speak of, and the server waits for the last of them.
    const Duration enough = kDrainSpreadEach * static_cast<std::int64_t>(impl_->streams.size());
    for (auto& [key, stream] : impl_->streams) {
        const Duration delay = impl_->part_of(std::min(spread, enough), key);
        if (stream.entrance) {
            impl_->close(stream, CloseCode::going_away, reason, now);
            continue;
        }
        impl_->delivery.send_control(stream, protocol::draining_json(delay.ms(), reason));
        if (stream.dropping) continue;
        stream.end_at = now + delay;
        impl_->arm(stream, stream.end_at);
    }
}

}  // namespace mythos::hub
