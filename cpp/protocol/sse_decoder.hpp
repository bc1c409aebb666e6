// Server-Sent Events, the reading side: a byte stream in, events out (WHATWG HTML 9.2.5, 9.2.6).
//
// Pull: call `next` with the rest of a chunk until `need_more`. Bytes are taken as they are (no UTF-8
// replacement). Lines and events are bounded; past a bound the decoder fails for good and
// the caller drops the stream. Thread-safety: belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mythos::protocol {

enum class SseEventKind : std::uint8_t { need_more, event, failed };

struct SseEvent {
    SseEventKind kind = SseEventKind::need_more;
    // Views into the decoder, valid until the next call.
    std::string_view type;  // `message` where the block named none
    std::string_view data;  // failed: which bound was passed
    std::string_view last_event_id;
};

struct SseDecoderLimits {
    std::size_t line_bytes_max = std::size_t{1} << 20;
    std::size_t event_bytes_max = std::size_t{4} << 20;  // of the joined data lines
};

class SseDecoder {
public:
    explicit SseDecoder(SseDecoderLimits limits = {}) : limits_(limits) {}

    // Takes from the front of `chunk` up to and with the end of the next event.
    SseEvent next(std::string_view& chunk);

    // A new stream of the same source: forgets what is incomplete, keeps the last event id and
    // the retry time, as a browser's EventSource does between two connections.
    void restart();

    // As of the last block that ended, also one without data: what Last-Event-ID should say.
    const std::string& last_event_id() const { return last_event_id_; }

    // The newest valid `retry:` of any stream.
    std::optional<std::uint64_t> retry_ms() const { return retry_ms_; }

private:
    bool take_line(std::string_view& chunk, std::string_view& line);
    void skip_bom(std::string_view& chunk);
    void take_field(std::string_view line);
    bool end_block();
    void forget_event();
    SseEvent fail(std::string_view bound);

    SseDecoderLimits limits_;
    std::string line_;  // the beginning of a line cut by a chunk's end
    std::string data_;  // each data line and its LF
    std::string type_;
    std::string id_;  // of the block under way; persists from block to block
    std::string last_event_id_;
    std::optional<std::uint64_t> retry_ms_;
    std::uint8_t bom_bytes_ = 0;  // of the BOM seen so far; kBomDone after it
    bool skip_lf_ = false;        // the line before ended with CR: an LF now belongs to it
    bool dispatched_ = false;     // data_ and type_ were handed out
    bool failed_ = false;
};

}  // namespace mythos::protocol
