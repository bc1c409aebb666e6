#include "transport/ws_connection.hpp"

#include "protocol/ws_handshake.hpp"

namespace mythos::transport {

using protocol::WsEvent;
using protocol::WsEventKind;

std::string WsConnection::upgrade_head(const HttpRequest& request,
                                       const std::optional<protocol::WsDeflateAgreement>& deflate) {
    std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    append_header(head, "Sec-WebSocket-Accept", protocol::ws_accept(request.header("Sec-WebSocket-Key")));
    const std::string protocols = request.joined_header("Sec-WebSocket-Protocol");
    if (protocol::read_ws_subprotocols(protocols).mythos_v1) {
        append_header(head, "Sec-WebSocket-Protocol", protocol::kMythosSubprotocol);
    }
    if (deflate) append_header(head, "Sec-WebSocket-Extensions", protocol::ws_deflate_answer(*deflate));
    return head += "\r\n";
}

void WsConnection::open(StreamContext& context, HttpConnection::Taken taken, hub::ConnectRequest request,
                        Opening opening) {
    auto connection = std::make_unique<WsConnection>(context, std::move(taken), std::move(opening), request.deflate);
    enter(std::move(connection), std::move(request));
}

WsConnection::WsConnection(StreamContext& context, HttpConnection::Taken taken, Opening opening, bool deflate)
    : StreamConnection(context, std::move(taken), std::move(opening)),
      receiver_(context.receiver, deflate ? protocol::WsInflateMode::each_alone : protocol::WsInflateMode::off) {}

void WsConnection::take(std::span<char> bytes) {
    while (may_take()) {
        const WsEvent event = receiver_.next(bytes);
        if (event.kind == WsEventKind::need_more) return;
        react(event);
    }
    hold(bytes);
}

void WsConnection::react(const WsEvent& event) {
    hub::LoopCore& core = context_.core;
    const MonoTime now = loop_.now();
    switch (event.kind) {
        case WsEventKind::text:
            return core.received(key_, event.payload, now);
        case WsEventKind::ping:
            return core.ping_received(key_, event.payload, now);
        case WsEventKind::pong:
            return core.pong_received(key_, event.payload, now);
        case WsEventKind::close:
            closing(static_cast<protocol::CloseCode>(event.code), "closed by the client");
            return core.peer_closed(key_, event.code, now);
        case WsEventKind::failed:
            closing(static_cast<protocol::CloseCode>(event.code), event.payload);
            return core.close(key_, static_cast<protocol::CloseCode>(event.code), event.payload, now);
        case WsEventKind::binary:  // the receiver refuses it: `failed` with 1003
        case WsEventKind::need_more:
            return;
    }
}

std::string WsConnection::refusal_answer(const hub::Refusal& refusal, const Opening& opening) const {
    std::string answer;
    if (refusal.before_upgrade) {
        const WallTime now = loop_.clock().wall();
        append_response(answer, refusal_response(refusal, refusal.status, opening.cors, now), false, false, now);
        return answer;
    }
    answer = opening.head;
    protocol::append_ws_close_frame(answer, protocol::number(refusal.code), refusal.message);
    return answer;
}

}  // namespace mythos::transport
