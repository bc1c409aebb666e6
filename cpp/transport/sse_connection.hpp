// An event stream: a response without an end, after which the client has nothing more to say on this socket.
//
// Thread-safety and ownership: as stream_connection.hpp says.
#pragma once

#include "transport/stream_connection.hpp"

namespace mythos::transport {

class SseConnection final : public StreamConnection {
public:
    // The response head: no length and no chunks, the body lasts until the connection's end.
    static std::string stream_head(const HttpHeaders& cors, WallTime now);

    // Takes the socket over and asks the hub to let it in.
    static void open(StreamContext& context, HttpConnection::Taken taken, hub::ConnectRequest request, Opening opening);

    SseConnection(StreamContext& context, HttpConnection::Taken taken, Opening opening);

private:
    void take(std::span<char> bytes) override;
    protocol::Wire wire() const override { return protocol::Wire::sse; }
    std::string refusal_answer(const hub::Refusal& refusal, const Opening& opening) const override;

    std::uint32_t ignored_bytes_ = 0;
};

}  // namespace mythos::transport
