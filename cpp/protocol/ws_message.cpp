#include "protocol/ws_message.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>

#include "protocol/utf8.hpp"

namespace mythos::protocol {
namespace {

// A header may announce any length; memory follows what really comes.
constexpr std::size_t kReserveBytesMax = 16 * 1024;
// The loop's output buffer shrinks again after a message larger than this.
constexpr std::size_t kScratchKeptBytesMax = std::size_t{1} << 20;

bool is_data_start(WsOpcode opcode) { return opcode == WsOpcode::text || opcode == WsOpcode::binary; }

WsEvent message_event(WsOpcode opcode, std::string_view payload) {
    return {opcode == WsOpcode::text ? WsEventKind::text : WsEventKind::binary, 0, payload};
}

// Incompressible data grows a little by being deflated: 5 bytes for each stored block.
std::uint64_t frame_bytes_max(const WsReceiverConfig& config, bool compressed) {
    const std::uint64_t max = config.message_bytes_max;
    return compressed ? max + max / 64 + 64 : max;
}

std::string_view describe(WsHeaderError error) {
    switch (error) {
        case WsHeaderError::reserved_bits:
            return "reserved bits";
        case WsHeaderError::bad_opcode:
            return "unknown opcode";
        case WsHeaderError::bad_control:
            return "fragmented or oversize control frame";
        case WsHeaderError::bad_length:
            return "length not in its shortest form";
        case WsHeaderError::none:
            break;
    }
    return {};
}

}  // namespace

struct WsReceiver::Assembly {
    bool in_message = false;  // a first fragment has come, the last one has not
    WsOpcode opcode = WsOpcode::text;
    bool compressed = false;
    Utf8Validator utf8;
    std::string message;

    bool in_frame = false;
    WsFrameHeader frame;
    std::uint64_t frame_bytes = 0;                        // of its payload so far
    std::array<char, kWsControlPayloadBytesMax> control;  // may come between fragments
};

WsReceiver::WsReceiver(const WsReceiverConfig& config, WsInflateMode inflate) : config_(&config), inflate_(inflate) {
    assert(inflate == WsInflateMode::off || config.scratch != nullptr);
}

WsReceiver::~WsReceiver() = default;
WsReceiver::WsReceiver(WsReceiver&&) noexcept = default;
WsReceiver& WsReceiver::operator=(WsReceiver&&) noexcept = default;

std::size_t WsReceiver::buffered_bytes() const {
    return assembly_ ? sizeof(Assembly) + assembly_->message.capacity() : 0;
}

WsEvent WsReceiver::next(std::span<char>& chunk) {
    let_go_of_the_last_event();
    while (!finished_) {
        if (assembly_ && assembly_->in_frame) {
            const WsEvent event = take_piece(chunk);
            if (event.kind != WsEventKind::need_more || finished_ || assembly_->in_frame) return event;
            continue;
        }
        WsFrameHeader header;
        if (!take_header(chunk, header)) {
            if (header_error_ != WsHeaderError::none) return fail(kWsProtocolError, describe(header_error_));
            return {};
        }
        const WsEvent refusal = refuse(header);
        if (refusal.kind == WsEventKind::failed) return refusal;
        const bool alone = is_control(header.opcode) || (header.fin && is_data_start(header.opcode));
        if (alone && header.payload_bytes <= chunk.size()) {
            const std::span<char> payload = chunk.first(header.payload_bytes);
            chunk = chunk.subspan(header.payload_bytes);
            return take_whole_message(header, payload);
        }
        begin_frame(header);
    }
    chunk = {};
    return {};
}

// False where the chunk ends within the header, or on an error.
bool WsReceiver::take_header(std::span<char>& chunk, WsFrameHeader& header) {
    std::string_view bytes(chunk.data(), chunk.size());
    const std::size_t kept = header_size_;
    if (kept != 0) {
        const std::size_t added = std::min(chunk.size(), header_bytes_.size() - kept);
        std::memcpy(header_bytes_.data() + kept, chunk.data(), added);
        bytes = {header_bytes_.data(), kept + added};
    }
    const WsParsedHeader parsed = parse_ws_header(bytes);
    header_error_ = parsed.error;
    if (parsed.error != WsHeaderError::none) return false;
    if (parsed.size == 0) {
        if (kept == 0 && !bytes.empty()) std::memcpy(header_bytes_.data(), bytes.data(), bytes.size());
        header_size_ = static_cast<std::uint8_t>(bytes.size());
        chunk = {};
        return false;
    }
    header = parsed.header;
    chunk = chunk.subspan(parsed.size - kept);
    header_size_ = 0;
    return true;
}

// Fails what a well-formed header may not announce here and now; else `need_more`.
WsEvent WsReceiver::refuse(const WsFrameHeader& header) {
    if (header.mask.has_value() != (config_->role == WsRole::server)) {
        return fail(kWsProtocolError, header.mask ? "masked frame from a server" : "unmasked frame from a client");
    }
    if (header.rsv1 && (inflate_ == WsInflateMode::off || !is_data_start(header.opcode))) {
        return fail(kWsProtocolError, "reserved bits");
    }
    if (is_control(header.opcode)) return {};

    const bool in_message = assembly_ && assembly_->in_message;
    if (in_message == is_data_start(header.opcode)) {
        return fail(kWsProtocolError, in_message ? "new message within a fragmented one" : "nothing to continue");
    }
    if (header.opcode == WsOpcode::binary && !config_->binary_allowed) {
        return fail(kWsUnsupportedData, "binary messages are not accepted");
    }
    const bool compressed = in_message ? assembly_->compressed : header.rsv1;
    const std::uint64_t so_far = in_message ? assembly_->message.size() : 0;
    if (header.payload_bytes > frame_bytes_max(*config_, compressed) - so_far) {
        return fail(kWsMessageTooBig, "message too big");
    }
    return {};
}

// The fast path: one frame, whole in the chunk; no allocation.
WsEvent WsReceiver::take_whole_message(const WsFrameHeader& header, std::span<char> payload) {
    if (header.mask) apply_ws_mask(payload, *header.mask);
    const std::string_view view(payload.data(), payload.size());
    if (is_control(header.opcode)) return control_event(header.opcode, view);
    if (header.rsv1) return inflated_event(header.opcode, view);
    if (header.opcode == WsOpcode::text && !is_utf8(view)) return fail(kWsInvalidPayload, "text is not UTF-8");
    return message_event(header.opcode, view);
}

void WsReceiver::begin_frame(const WsFrameHeader& header) {
    if (!assembly_) assembly_ = std::make_unique<Assembly>();
    Assembly& under_way = *assembly_;
    under_way.frame = header;
    under_way.frame_bytes = 0;
    under_way.in_frame = true;
    if (is_control(header.opcode)) return;
    if (is_data_start(header.opcode)) {
        under_way.in_message = true;
        under_way.opcode = header.opcode;
        under_way.compressed = header.rsv1;
    }
    if (under_way.message.empty()) {
        under_way.message.reserve(std::min<std::uint64_t>(header.payload_bytes, kReserveBytesMax));
    }
}

// Takes what the chunk holds of the frame under way.
WsEvent WsReceiver::take_piece(std::span<char>& chunk) {
    Assembly& under_way = *assembly_;
    const WsFrameHeader& frame = under_way.frame;
    const std::size_t size = std::min<std::uint64_t>(chunk.size(), frame.payload_bytes - under_way.frame_bytes);
    const std::span<char> piece = chunk.first(size);
    chunk = chunk.subspan(size);
    if (frame.mask) apply_ws_mask(piece, *frame.mask, under_way.frame_bytes);
    const std::string_view view(piece.data(), piece.size());
    if (is_control(frame.opcode)) {
        std::copy(view.begin(), view.end(), under_way.control.begin() + under_way.frame_bytes);
    } else {
        const bool text = under_way.opcode == WsOpcode::text && !under_way.compressed;
        if (text && !under_way.utf8.feed(view)) return fail(kWsInvalidPayload, "text is not UTF-8");
        under_way.message.append(view);
    }
    under_way.frame_bytes += size;
    return under_way.frame_bytes == frame.payload_bytes ? end_frame() : WsEvent{};
}

WsEvent WsReceiver::end_frame() {
    Assembly& under_way = *assembly_;
    under_way.in_frame = false;
    const WsFrameHeader& frame = under_way.frame;
    if (is_control(frame.opcode)) {
        return control_event(frame.opcode, {under_way.control.data(), static_cast<std::size_t>(frame.payload_bytes)});
    }
    if (!frame.fin) return {};
    under_way.in_message = false;
    if (under_way.compressed) return inflated_event(under_way.opcode, under_way.message);
    if (!under_way.utf8.complete()) return fail(kWsInvalidPayload, "text is not UTF-8");
    return message_event(under_way.opcode, under_way.message);
}

WsEvent WsReceiver::control_event(WsOpcode opcode, std::string_view payload) {
    if (opcode == WsOpcode::ping) return {WsEventKind::ping, 0, payload};
    if (opcode == WsOpcode::pong) return {WsEventKind::pong, 0, payload};
    const WsCloseStatus status = parse_ws_close(payload);
    if (status.failure != 0) return fail(status.failure, "malformed close frame");
    finished_ = true;
    return {WsEventKind::close, status.code, status.reason};
}

WsEvent WsReceiver::inflated_event(WsOpcode opcode, std::string_view compressed) {
    if (inflate_ == WsInflateMode::context && !inflater_) inflater_ = std::make_unique<WsInflater>(true);
    WsInflater& inflater = inflater_ ? *inflater_ : config_->scratch->inflater;
    std::string& output = config_->scratch->output;
    if (output.capacity() > kScratchKeptBytesMax) output = {};
    output.clear();
    switch (inflater.inflate(compressed, output, {config_->message_bytes_max, config_->inflate_ratio_max})) {
        case WsInflateStatus::ok:
            break;
        case WsInflateStatus::corrupt:
            return fail(kWsInvalidPayload, "not a deflated message");
        case WsInflateStatus::too_big:
            return fail(kWsMessageTooBig, "message too big");
        case WsInflateStatus::ratio_exceeded:
            return fail(kWsMessageTooBig, "message inflates too far");
    }
    if (opcode == WsOpcode::text && !is_utf8(output)) return fail(kWsInvalidPayload, "text is not UTF-8");
    return message_event(opcode, output);
}

WsEvent WsReceiver::fail(std::uint16_t code, std::string_view what) {
    finished_ = true;
    header_size_ = 0;
    assembly_.reset();
    inflater_.reset();
    return {WsEventKind::failed, code, what};
}

void WsReceiver::let_go_of_the_last_event() {
    if (assembly_ && (finished_ || !(assembly_->in_frame || assembly_->in_message))) assembly_.reset();
    if (finished_) inflater_.reset();
}

}  // namespace mythos::protocol
