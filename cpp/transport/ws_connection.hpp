// A WebSocket of mythos.v1 behind its upgrade: frames in, LoopCore's words out.
//
// Thread-safety and ownership: as stream_connection.hpp says.
#pragma once

#include <optional>

#include "protocol/ws_extension.hpp"
#include "transport/stream_connection.hpp"

namespace mythos::transport {

class WsConnection final : public StreamConnection {
public:
    // The 101 for a checked request; `deflate` was agreed on.
    static std::string upgrade_head(const HttpRequest& request,
                                    const std::optional<protocol::WsDeflateAgreement>& deflate);

    // Takes the socket over and asks the hub to let it in.
    static void open(StreamContext& context, HttpConnection::Taken taken, hub::ConnectRequest request, Opening opening);

    WsConnection(StreamContext& context, HttpConnection::Taken taken, Opening opening, bool deflate);

private:
    void take(std::span<char> bytes) override;
    protocol::Wire wire() const override { return protocol::Wire::websocket; }
    std::string refusal_answer(const hub::Refusal& refusal, const Opening& opening) const override;
    bool awaits_farewell() const override { return receiver_.finished(); }
    void react(const protocol::WsEvent& event);

    protocol::WsReceiver receiver_;
};

}  // namespace mythos::transport
