// The part of a loop that keeps time: heartbeats, life signs, closing in bounded time.
#include <algorithm>
#include <charconv>

#include "hub/loop_impl.hpp"
#include "protocol/ws_frame.hpp"

namespace mythos::hub {

using protocol::CloseCode;
using protocol::Wire;

// By connection and beat, so that heartbeats of many do not come at once.
double LoopCore::Impl::unit(ConnectionKey key) {
    const std::uint64_t mixed = (key * 0x9E3779B97F4A7C15ULL) ^ (++beats_ * 0xBF58476D1CE4E5B9ULL);
    return static_cast<double>(mixed >> 11) * 0x1.0p-53;
}

Duration LoopCore::Impl::part_of(Duration d, ConnectionKey key) {
    return {static_cast<std::int64_t>(static_cast<double>(d.ns) * unit(key))};
}

Duration LoopCore::Impl::jittered(Duration d, ConnectionKey key) {
    const double factor = 1.0 + settings.heartbeat_jitter * (2.0 * unit(key) - 1.0);
    return {static_cast<std::int64_t>(static_cast<double>(d.ns) * factor)};
}

void LoopCore::Impl::start_pulse(Stream& stream, MonoTime now) {
    stream.heard = now;
    stream.next_beat = now + jittered(stream.heartbeat(), stream.key);
    arm_pulse(stream, now);
}

// A peer that stays silent is closed at its bound sharp, not at the next beat.
void LoopCore::Impl::arm_pulse(Stream& stream, MonoTime now) {
    stream.pulse_at = stream.next_beat;
    const Signs signs = signs_of(stream, now);
    const Duration bound = stream.heartbeat() * 2;
    const auto not_after = [&](MonoTime limit) {
        if (limit > now) stream.pulse_at = std::min(stream.pulse_at, limit);
    };
    not_after(signs.any + settings.idle_timeout);
    if (signs.peer_answers) not_after(signs.peer + bound);
    if (signs.kernel_waits) not_after(signs.kernel + bound);
    arm(stream, stream.pulse_at);
}

void LoopCore::Impl::run_timers(MonoTime now) {
    while (!timers_.empty() && timers_.top().at <= now) {
        const Timer due = timers_.top();
        timers_.pop();
        if (Stream* stream = find(due.key)) pulse(*stream, now);
    }
}

// A WebSocket answers pings. An SSE peer is known to live by its client's acks, which cross
// proxies, and by its kernel's, which do not. A client that has acknowledged once goes on
// doing so; one that never does is the kernel's to judge. Acks that go by the client's
// WebSocket die with it: from then on the client has the whole time again.
LoopCore::Impl::Signs LoopCore::Impl::signs_of(const Stream& stream, MonoTime now) const {
    Signs signs;
    signs.peer = stream.heard;
    signs.peer_answers = stream.wire == Wire::websocket;
    const std::int64_t websocket_gone = stream.client->websocket_gone_ns.load();
    if (stream.wire == Wire::sse && stream.client->acknowledges() && websocket_gone != ClientState::kHasWebsocket) {
        signs.peer = std::max({signs.peer, stream.client->ack_time(), MonoTime{websocket_gone}});
        signs.peer_answers = true;
    }
    signs.any = signs.peer;
    if (const auto kernel = stream.wire == Wire::sse ? stream.outlet->kernel_ack() : std::nullopt) {
        signs.kernel = now - kernel->age;
        signs.kernel_waits = !kernel->all_acknowledged;
        signs.kernel_rtt = kernel->rtt;
        signs.any = std::max(signs.any, signs.kernel);
    }
    return signs;
}

// Why the peer counts as gone, or null.
const char* LoopCore::Impl::silent_too_long(Stream& stream, MonoTime now) {
    const Signs signs = signs_of(stream, now);
    if (now - signs.any >= settings.idle_timeout) {
        stream.idle = true;
        return "no sign of life for the idle timeout";
    }
    const Duration bound = stream.heartbeat() * 2;
    const bool by_kernel = signs.kernel_waits && now - signs.kernel >= bound;
    const bool by_peer = signs.peer_answers && now - signs.peer >= bound;
    return by_kernel || by_peer ? "no sign of life for two heartbeats" : nullptr;
}

void LoopCore::Impl::close_silent(Stream& stream, CloseCode code, std::string_view reason, MonoTime now) {
    close(stream, code, reason, now);
    operate([key = stream.key](Hub& hub) { hub.leaving(key); });
}

void LoopCore::Impl::pulse(Stream& stream, MonoTime now) {
    const auto due = [&](MonoTime at) { return at != MonoTime{} && at <= now; };
    if (stream.dropping && due(stream.end_at)) {
        stream.finished = true;
        stream.end_at = {};
        stream.outlet->abort();
        return;
    }
    if (stream.finished || stream.entrance) return;
    if (due(stream.end_at)) {
        stream.end_at = {};
        close(stream, CloseCode::going_away, "the server is shutting down", now);
        return;
    }
    if (!due(stream.pulse_at)) return;
    if (stream.closing != Stream::Closing::no) return drop_in_time(stream, now);
    if (const char* silence = silent_too_long(stream, now))
        return close_silent(stream, CloseCode::heartbeat_missed, silence, now);
    if (stream.blocked && settings.slow_reader == SlowReader::disconnect && delivery.has_lost(stream)) {
        // It would be told when there is room again, which may be never.
        counters.add(stats::Counter::slow_disconnects);
        return close_silent(stream, CloseCode::too_slow, "the cursor left the retention", now);
    }
    if (due(stream.next_beat)) beat(stream, now);
    arm_pulse(stream, now);
}

void LoopCore::Impl::beat(Stream& stream, MonoTime now) {
    // A full socket gets no heartbeats on top: what waits for it is sign enough.
    if (!stream.blocked) {
        delivery.send_heartbeat(stream, wall());
        if (stream.wire == Wire::websocket) {
            char payload[24];
            const auto end = std::to_chars(payload, payload + sizeof payload, now.ns).ptr;
            std::string frame;
            protocol::append_ws_frame(frame, protocol::WsOpcode::ping,
                                      {payload, static_cast<std::size_t>(end - payload)});
            delivery.send_raw(stream, frame);
        } else if (const auto kernel = stream.outlet->kernel_ack(); kernel && kernel->rtt > Duration{}) {
            latencies[stats::Latency::rtt_sse].record(kernel->rtt);
        }
    }
    stream.next_beat = now + jittered(stream.heartbeat(), stream.key);
}

void LoopCore::pong_received(ConnectionKey key, std::string_view payload, MonoTime now) {
    Stream* stream = impl_->find(key);
    if (stream == nullptr || stream->client == nullptr) return;
    stream->heard = now;
    std::int64_t sent = 0;
    const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), sent);
    if (error != std::errc{} || end != payload.data() + payload.size() || sent <= 0 || sent > now.ns) return;
    const auto rtt_us = static_cast<std::uint32_t>(std::clamp<std::int64_t>((now.ns - sent) / 1'000, 1, 0xFFFF'FFFF));
    stream->client->rtt_us.store(rtt_us, std::memory_order_relaxed);
    stream->events.ping(now, rtt_us);
    impl_->latencies[stats::Latency::rtt_websocket].record(Duration{now.ns - sent});
}

}  // namespace mythos::hub
