#include "sim/wire_reader.hpp"

#include <span>

namespace mythos::sim {
namespace {

using protocol::WsEventKind;

// One inflater for all: the server never keeps a context between messages.
const protocol::WsReceiverConfig& client_config() {
    thread_local protocol::WsInflateScratch scratch;
    thread_local protocol::WsReceiverConfig config{
        .role = protocol::WsRole::client, .message_bytes_max = std::size_t{4} << 20, .scratch = &scratch};
    return config;
}

Received of(const protocol::WsEvent& event) {
    Received out;
    out.text = event.payload;
    out.code = event.code;
    switch (event.kind) {
        case WsEventKind::text:
            out.kind = Received::Kind::message;
            break;
        case WsEventKind::ping:
            out.kind = Received::Kind::ping;
            break;
        case WsEventKind::close:
            out.kind = Received::Kind::close;
            break;
        default:
            out.kind = Received::Kind::failed;
            break;
    }
    return out;
}

}  // namespace

WireReader::WireReader(bool websocket, bool deflate)
    : websocket_(websocket),
      receiver_(client_config(), deflate ? protocol::WsInflateMode::each_alone : protocol::WsInflateMode::off) {}

void WireReader::feed(std::string& bytes, std::uint64_t offset, const Take& take) {
    if (stopped_) return;
    fed_ = offset + bytes.size();
    if (websocket_)
        feed_websocket(bytes, offset, take);
    else
        feed_sse(bytes, offset, take);
}

bool WireReader::hand_over(Received received, std::uint64_t end, const Take& take) {
    received.offset = message_begins_;
    message_begins_ = end;
    if (!take(received)) stopped_ = true;
    return !stopped_;
}

void WireReader::feed_websocket(std::string& bytes, std::uint64_t offset, const Take& take) {
    std::span<char> chunk(bytes);
    for (;;) {
        const auto event = receiver_.next(chunk);
        if (event.kind == WsEventKind::need_more) return;
        if (event.kind == WsEventKind::pong) continue;
        if (!hand_over(of(event), offset + bytes.size() - chunk.size(), take)) return;
    }
}

void WireReader::feed_sse(std::string_view bytes, std::uint64_t offset, const Take& take) {
    std::string_view chunk = bytes;
    for (;;) {
        const auto event = sse_.next(chunk);
        if (event.kind == protocol::SseEventKind::need_more) return;
        Received received;
        received.text = event.data;
        received.sse_id = event.last_event_id;
        if (event.kind == protocol::SseEventKind::failed) received.kind = Received::Kind::failed;
        if (!hand_over(received, offset + bytes.size() - chunk.size(), take)) return;
    }
}

}  // namespace mythos::sim
