// Bytes of one connection to messages, on the client's side, with the product's own
// codecs: what a WebSocket or an EventSource would hand to its program.
//
// One a connection. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "protocol/sse_decoder.hpp"
#include "protocol/ws_message.hpp"

namespace mythos::sim {

struct Received {
    enum class Kind : std::uint8_t { message, ping, close, failed } kind = Kind::message;
    std::string_view text;     // valid during the call
    std::string_view sse_id;   // Last-Event-ID after the block, on SSE
    std::uint64_t offset = 0;  // of its first byte in the stream
    int code = 0;              // close, failed
};

class WireReader {
public:
    WireReader(bool websocket, bool deflate);

    using Take = std::function<bool(const Received&)>;
    // Calls `take` for each whole message; when it returns false the rest is dropped for good.
    void feed(std::string& bytes, std::uint64_t offset, const Take& take);

    // Whether a message has begun and not ended.
    bool within_message() const { return message_begins_ != fed_; }

private:
    void feed_websocket(std::string& bytes, std::uint64_t offset, const Take& take);
    void feed_sse(std::string_view bytes, std::uint64_t offset, const Take& take);
    bool hand_over(Received received, std::uint64_t end, const Take& take);

    bool websocket_;
    protocol::WsReceiver receiver_;
    protocol::SseDecoder sse_;
    std::uint64_t message_begins_ = 0;
    std::uint64_t fed_ = 0;
    bool stopped_ = false;
};

}  // namespace mythos::sim
