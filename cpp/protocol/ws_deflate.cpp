#include "protocol/ws_deflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <new>

namespace mythos::protocol {
namespace {

constexpr std::string_view kTail{"\x00\x00\xFF\xFF", 4};  // an empty stored block: RFC 7692 7.2.1
constexpr std::size_t kStepBytes = 16 * 1024;             // of output between two looks at the limits
constexpr std::size_t kRatioFloorBytes = 64 * 1024;       // below it a high ratio does no harm
constexpr int kMemoryLevelAlone = 6;                      // its hash is cleared for each message: 16 KiB, not 64
constexpr int kMemoryLevelContext = 8;

Bytef* as_input(std::string_view bytes) { return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); }

void check(int code) {
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    assert(code == Z_OK);
}

uInt next_input_size(std::size_t left) {
    return static_cast<uInt>(std::min<std::size_t>(left, std::numeric_limits<uInt>::max()));
}

// zlib stands between two blocks, with no bit of an unfinished one pending (zlib.h, inflate: data_type).
bool is_between_blocks(const z_stream& stream) {
    constexpr int kEndOfBlock = 128;
    constexpr int kBitsLeft = 63;
    return (stream.data_type & kEndOfBlock) != 0 && (stream.data_type & kBitsLeft) == 0;
}

}  // namespace

WsDeflater::WsDeflater(int window_bits, bool context_takeover, int level)
    : stream_(new z_stream{}), context_takeover_(context_takeover) {
    assert(window_bits >= kWsWindowBitsMin && window_bits <= kWsWindowBitsMax);
    const int memory_level = context_takeover ? kMemoryLevelContext : kMemoryLevelAlone;
    check(deflateInit2(stream_.get(), level, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY));
}

void WsDeflater::Close::operator()(z_stream_s* stream) const {
    deflateEnd(stream);
    delete stream;
}

void WsDeflater::deflate(std::string_view message, std::string& out) {
    const std::size_t begin = out.size();
    std::array<Bytef, kStepBytes> step;
    do {
        stream_->next_in = as_input(message);
        stream_->avail_in = next_input_size(message.size());
        message.remove_prefix(stream_->avail_in);
        const int flush = message.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH;
        do {
            stream_->next_out = step.data();
            stream_->avail_out = step.size();
            ::deflate(stream_.get(), flush);
            out.append(reinterpret_cast<const char*>(step.data()), step.size() - stream_->avail_out);
        } while (stream_->avail_out == 0);
    } while (!message.empty());

    if (out.size() == begin) {
        // zlib flushes nothing twice: an empty message after an empty one (RFC 7692 7.2.3.6).
        out.push_back('\0');
    } else {
        assert(std::string_view(out).substr(begin).ends_with(kTail));
        out.resize(out.size() - kTail.size());
    }
    if (!context_takeover_) check(deflateReset(stream_.get()));
}

void deflate_message(std::string_view message, std::string& out) {
    thread_local WsDeflater deflater;
    deflater.deflate(message, out);
}

WsInflater::WsInflater(bool context_takeover) : stream_(new z_stream{}), context_takeover_(context_takeover) {
    check(inflateInit2(stream_.get(), -kWsWindowBitsMax));
}

void WsInflater::Close::operator()(z_stream_s* stream) const {
    inflateEnd(stream);
    delete stream;
}

WsInflateStatus WsInflater::append(std::string_view piece, std::string& out, const WsInflateLimits& limits) {
    message_bytes_ += piece.size();
    return run(piece, out, limits);
}

WsInflateStatus WsInflater::finish(std::string& out, const WsInflateLimits& limits) {
    if (message_bytes_ == 0) return WsInflateStatus::ok;  // not by the book, but senders exist, and it can only mean ""
    const WsInflateStatus status = run(kTail, out, limits);
    if (status != WsInflateStatus::ok) return status;
    if (!is_between_blocks(*stream_)) return forget(WsInflateStatus::corrupt);
    message_bytes_ = 0;
    if (!context_takeover_) check(inflateReset(stream_.get()));
    return WsInflateStatus::ok;
}

WsInflateStatus WsInflater::inflate(std::string_view message, std::string& out, const WsInflateLimits& limits) {
    const WsInflateStatus status = append(message, out, limits);
    return status == WsInflateStatus::ok ? finish(out, limits) : status;
}

WsInflateStatus WsInflater::run(std::string_view piece, std::string& out, const WsInflateLimits& limits) {
    std::array<Bytef, kStepBytes> step;
    stream_->avail_in = 0;
    do {
        if (stream_->avail_in == 0) {
            stream_->next_in = as_input(piece);
            stream_->avail_in = next_input_size(piece.size());
            piece.remove_prefix(stream_->avail_in);
        }
        stream_->next_out = step.data();
        stream_->avail_out = step.size();
        const int code = ::inflate(stream_.get(), Z_SYNC_FLUSH);
        if (code == Z_MEM_ERROR) throw std::bad_alloc();
        if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END) return forget(WsInflateStatus::corrupt);
        const std::size_t produced = step.size() - stream_->avail_out;
        if (produced > limits.bytes_max - std::min(out.size(), limits.bytes_max)) {
            return forget(WsInflateStatus::too_big);
        }
        out.append(reinterpret_cast<const char*>(step.data()), produced);
        if (limits.ratio_max != 0 && out.size() > kRatioFloorBytes && out.size() / limits.ratio_max > message_bytes_) {
            return forget(WsInflateStatus::ratio_exceeded);
        }
        if (code == Z_STREAM_END) begin_anew_after_final_block();
    } while (stream_->avail_in != 0 || stream_->avail_out == 0 || !piece.empty());
    return WsInflateStatus::ok;
}

WsInflateStatus WsInflater::forget(WsInflateStatus why) {
    message_bytes_ = 0;
    check(inflateReset(stream_.get()));
    return why;
}

// A message may hold a final block and go on after it (RFC 7692 7.2.3.4), with the same window.
void WsInflater::begin_anew_after_final_block() {
    // Not inflateReset, whose loss of the window one would have to mend by a 32 KiB copy for each two hostile bytes.
    check(inflateResetKeep(stream_.get()));
}

}  // namespace mythos::protocol
