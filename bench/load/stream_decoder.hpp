// Bytes from a server in, messages out: the HTTP head, then WebSocket frames (RFC 6455) or
// Server-Sent Events blocks (WHATWG HTML, section 9.2), with or without chunked coding.
// Sans-I/O and deliberately apart from the product's own codec, which it measures.
//
// `feed(bytes)` works in place: it may move bytes within the given range, and hands out
// views into it that last until it returns. What is incomplete at its end is kept by the
// decoder and must be put in front of the next bytes: see `carry()`.
// Errors: Failure on what a benchmarked server must not send (fragments, unknown opcodes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mythos::bench {

enum class Wire : std::uint8_t { websocket, sse };

class StreamSink {
public:
    virtual ~StreamSink() = default;
    virtual bool on_head(int status) = 0;                // false: what follows is not a stream, drop it
    virtual void on_message(std::string_view body) = 0;  // a text or binary message, or a block's `data`
    virtual void on_ping(std::string_view payload) = 0;
    virtual void on_close(int code) = 0;
};

class StreamDecoder {
public:
    explicit StreamDecoder(Wire wire) : wire_(wire) {}

    // What the last feed left over. The caller puts it in front of the new bytes.
    std::string_view carry() const { return carry_; }
    // `bytes` is carry() followed by what was read.
    void feed(std::span<char> bytes, StreamSink& sink);
    void reset();

private:
    std::size_t feed_head(std::string_view bytes, StreamSink& sink);
    std::size_t feed_websocket(std::span<char> bytes, StreamSink& sink);
    std::size_t feed_sse(std::string_view bytes, StreamSink& sink);
    std::size_t dechunk(char* bytes, std::size_t size);

    std::string carry_;
    std::size_t chunk_left_ = 0;
    Wire wire_;
    bool head_done_ = false;
    bool chunked_ = false;
    enum class ChunkState : std::uint8_t { size, extension, data, data_end } chunk_state_ = ChunkState::size;
};

// The status and the lower-cased value of a header in an HTTP head; -1 and empty where there is none.
int http_status(std::string_view head);
std::string http_header(std::string_view head, std::string_view name);

}  // namespace mythos::bench
