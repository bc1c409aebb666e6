// Bytes of a WebSocket in, messages out: the receiving half of RFC 6455, for both roles.
//
// Pull, so that a caller may stop between two events (its reply queue is full)
// and go on later with the rest of the chunk:
//
//     std::span<char> chunk = ...;               // unmasked in place
//     for (;;) {
//         WsEvent event = receiver.next(chunk);  // takes from the chunk's front
//         if (event.kind == WsEventKind::need_more) break;
//         ...
//     }
//
// You must call `next` until `need_more` (or drop the receiver): that is when it lets
// go of buffers of the event before. A message whose single frame lies whole in the
// chunk is handed out as a view of the chunk, without allocation; anything incomplete
// is kept by the receiver only while it is incomplete. Idle, it owns no heap memory.
//
// After `close` or `failed` everything further is swallowed. On `failed`, send a close frame with the
// event's code and hang up; on `close`, echo the code (RFC 6455 5.5.1) and hang up.
//
// Thread-safety: a receiver and the config and scratch that it refers to belong to one
// thread (one loop); many receivers of the loop share one config and one scratch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "protocol/ws_close.hpp"
#include "protocol/ws_deflate.hpp"
#include "protocol/ws_frame.hpp"

namespace mythos::protocol {

enum class WsRole : std::uint8_t { server, client };  // a server requires masked frames, a client forbids them

enum class WsEventKind : std::uint8_t { need_more, text, binary, ping, pong, close, failed };

struct WsEvent {
    WsEventKind kind = WsEventKind::need_more;
    // close: the peer's code (1005 where it gave none). failed: the code to close with (1002, 1003, 1007, 1009).
    std::uint16_t code = 0;
    // text, binary, ping, pong: the payload. close: the peer's reason. failed: what was wrong, in a few words.
    // Valid until the next call of `next` on this or on any receiver with the same scratch.
    std::string_view payload;
};

// What all receivers of a loop share; outlives them.
struct WsReceiverConfig {
    WsRole role = WsRole::server;
    bool binary_allowed = true;  // false: 1003
    // Of a whole message over all its fragments, and again after inflating: 1009 beyond.
    std::size_t message_bytes_max = std::size_t{1} << 20;
    // Inflated bytes per received byte, looked at beyond 64 KiB of output; 0: no limit. DEFLATE can reach 1032.
    std::size_t inflate_ratio_max = 0;
    // Needed by receivers with `WsInflateMode` other than off; one a loop.
    WsInflateScratch* scratch = nullptr;
};

enum class WsInflateMode : std::uint8_t {
    off,         // permessage-deflate was not agreed: RSV1 is a protocol error
    each_alone,  // the peer compresses without context takeover: the loop's inflater serves everybody
    context,     // the peer keeps its window: so does this receiver (about 40 KiB from the first compressed message)
};

class WsReceiver {
public:
    // `config` is referred to, not copied.
    explicit WsReceiver(const WsReceiverConfig& config, WsInflateMode inflate = WsInflateMode::off);
    ~WsReceiver();
    WsReceiver(WsReceiver&&) noexcept;
    WsReceiver& operator=(WsReceiver&&) noexcept;

    WsEvent next(std::span<char>& chunk);

    // True after `close` or `failed`.
    bool finished() const { return finished_; }

    // True when no frame or message is under way: the receiver owns no buffer then.
    bool idle() const { return assembly_ == nullptr && header_size_ == 0; }

    // Heap bytes held for an incomplete message.
    std::size_t buffered_bytes() const;

private:
    struct Assembly;  // what is needed only while something is incomplete

    bool take_header(std::span<char>& chunk, WsFrameHeader& header);
    WsEvent refuse(const WsFrameHeader& header);
    WsEvent take_whole_message(const WsFrameHeader& header, std::span<char> payload);
    void begin_frame(const WsFrameHeader& header);
    WsEvent take_piece(std::span<char>& chunk);
    WsEvent end_frame();
    WsEvent control_event(WsOpcode opcode, std::string_view payload);
    WsEvent inflated_event(WsOpcode opcode, std::string_view compressed);
    WsEvent fail(std::uint16_t code, std::string_view what);
    void let_go_of_the_last_event();

    const WsReceiverConfig* config_;
    std::unique_ptr<Assembly> assembly_;
    std::unique_ptr<WsInflater> inflater_;              // only with WsInflateMode::context
    std::array<char, kWsHeaderBytesMax> header_bytes_;  // of a header cut by the chunk's end
    std::uint8_t header_size_ = 0;
    WsInflateMode inflate_;
    WsHeaderError header_error_ = WsHeaderError::none;  // why `take_header` took none
    bool finished_ = false;
};

static_assert(sizeof(WsReceiver) <= 64, "what an idle connection costs");

}  // namespace mythos::protocol
