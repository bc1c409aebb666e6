// The WebSocket receiver: bytes from anywhere, cut anywhere.
//
// Holds: the same events however the bytes are cut; nothing after a close or a failure; every event within
// the limits and the standard; and the events, encoded by our own encoder, are received again unchanged.
// Input: a byte of options, a byte that seeds the cuts, the stream.
#include <cstdlib>
#include <random>

#include "../cpp/protocol/ws_stream.hpp"
#include "protocol/utf8.hpp"

namespace {

using namespace mythos::protocol;

constexpr std::size_t kMessageBytesMax = 4096;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_event(const SeenWsEvent& event, const WsReceiverConfig& config) {
    switch (event.kind) {
        case WsEventKind::text:
            require(event.payload.size() <= kMessageBytesMax && is_utf8(event.payload));
            break;
        case WsEventKind::binary:
            require(event.payload.size() <= kMessageBytesMax && config.binary_allowed);
            break;
        case WsEventKind::ping:
        case WsEventKind::pong:
            require(event.payload.size() <= kWsControlPayloadBytesMax);
            break;
        case WsEventKind::close:
            require(event.code == kWsNoStatus || ws_close_code_may_travel(event.code));
            require(is_utf8(event.payload));
            break;
        case WsEventKind::failed:
            require(event.code == kWsProtocolError || event.code == kWsUnsupportedData ||
                    event.code == kWsInvalidPayload || event.code == kWsMessageTooBig);
            break;
        case WsEventKind::need_more:
            std::abort();
    }
}

std::string encode(const SeenWsEvent& event, WsRole receiver) {
    const auto frame = receiver == WsRole::server ? client_frame : server_frame;
    switch (event.kind) {
        case WsEventKind::text:
            return frame(WsOpcode::text, event.payload, true, false);
        case WsEventKind::binary:
            return frame(WsOpcode::binary, event.payload, true, false);
        case WsEventKind::ping:
            return frame(WsOpcode::ping, event.payload, true, false);
        case WsEventKind::pong:
            return frame(WsOpcode::pong, event.payload, true, false);
        case WsEventKind::close:
            return frame(WsOpcode::close, encode_ws_close(event.code, event.payload), true, false);
        default:
            return {};
    }
}

std::vector<std::size_t> random_cuts(std::size_t size, unsigned seed) {
    std::minstd_rand random(seed);
    const std::size_t step = 1 + random() % 24;
    std::vector<std::size_t> cuts;
    for (std::size_t cut = random() % step; cut < size; cut += 1 + random() % step) cuts.push_back(cut);
    return cuts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    WsInflateScratch scratch;
    const WsReceiverConfig config{(data[0] & 1) != 0 ? WsRole::client : WsRole::server, (data[0] & 2) == 0,
                                  kMessageBytesMax, 0, &scratch};
    const auto mode = static_cast<WsInflateMode>((data[0] >> 2) % 3);
    const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);

    const std::vector<SeenWsEvent> events = receive_cut(config, mode, stream, {});
    require(receive_cut(config, mode, stream, random_cuts(stream.size(), data[1])) == events);

    std::string again;
    std::vector<SeenWsEvent> kept = events;
    for (std::size_t i = 0; i < events.size(); ++i) {
        check_event(events[i], config);
        const bool final = events[i].kind == WsEventKind::close || events[i].kind == WsEventKind::failed;
        require(!final || i + 1 == events.size());
        again += encode(events[i], config.role);
    }
    if (!kept.empty() && kept.back().kind == WsEventKind::failed) kept.pop_back();
    require(receive_cut(config, mode, again, {}) == kept);
    return 0;
}
