// Compression of WebSocket messages: the payload side of RFC 7692 7.2.
//
// Negotiation is ws_extension.hpp's. Sizes in bytes. Each object belongs to one
// thread. zlib failing to allocate throws std::bad_alloc, like any allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace mythos::protocol {

constexpr int kWsWindowBitsMin = 9;  // zlib cannot compress raw with 8 (deflateInit2)
constexpr int kWsWindowBitsMax = 15;

// Compresses messages one after another. Memory: about 270 KiB with 15 window bits.
class WsDeflater {
public:
    // `context_takeover` false: each message stands alone, and may be shared by all receivers.
    explicit WsDeflater(int window_bits = kWsWindowBitsMax, bool context_takeover = false, int level = 6);

    // Appends the compressed message to `out`, without the tail 00 00 ff ff (RFC 7692 7.2.1).
    void deflate(std::string_view message, std::string& out);

private:
    struct Close {
        void operator()(z_stream_s* stream) const;
    };
    std::unique_ptr<z_stream_s, Close> stream_;
    bool context_takeover_;
};

// The same with this thread's own deflater: no context, 15 window bits. For frames shared by many receivers.
void deflate_message(std::string_view message, std::string& out);

enum class WsInflateStatus : std::uint8_t { ok, corrupt, too_big, ratio_exceeded };

struct WsInflateLimits {
    std::size_t bytes_max = std::size_t{1} << 20;
    std::size_t ratio_max = 0;  // output per input byte, looked at beyond 64 KiB of output; 0: no limit
};

// Inflates messages one after another, each at once or in pieces as its fragments come.
class WsInflater {
public:
    // A window of 15 bits reads what any smaller window wrote. Memory: about 7 KiB, and 32 KiB more once used.
    explicit WsInflater(bool context_takeover = false);

    // Appends to `out`, which must hold this message alone. After anything but `ok`
    // the message is lost, and with context takeover the connection.
    WsInflateStatus append(std::string_view piece, std::string& out, const WsInflateLimits& limits);
    // Ends the message.
    WsInflateStatus finish(std::string& out, const WsInflateLimits& limits);

    // A whole message: `append` and `finish`.
    WsInflateStatus inflate(std::string_view message, std::string& out, const WsInflateLimits& limits);

private:
    WsInflateStatus run(std::string_view piece, std::string& out, const WsInflateLimits& limits);
    WsInflateStatus forget(WsInflateStatus why);
    void begin_anew_after_final_block();

    struct Close {
        void operator()(z_stream_s* stream) const;
    };
    std::unique_ptr<z_stream_s, Close> stream_;
    std::size_t message_bytes_ = 0;  // compressed bytes of this message so far
    bool context_takeover_;
};

// One a loop: an inflater and an output buffer that all its receivers use in turn,
// so that an idle connection holds neither.
struct WsInflateScratch {
    WsInflater inflater;
    std::string output;
};

}  // namespace mythos::protocol
