#include "protocol/sse_decoder.hpp"

#include <algorithm>
#include <array>

namespace mythos::protocol {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr std::uint8_t kBomDone = 0xFF;
constexpr std::size_t kRetryDigitsMax = 18;  // fits 64 bits; more is no time that anyone waits

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

SseEvent SseDecoder::next(std::string_view& chunk) {
    if (dispatched_) forget_event();
    std::string_view line;
    while (!failed_ && take_line(chunk, line)) {
        const bool blank = line.empty();
        if (!blank) take_field(line);
        line_.clear();
        if (data_.size() > limits_.event_bytes_max + 1) return fail("event_bytes_max");
        if (blank && end_block()) {
            const std::string_view type = type_.empty() ? std::string_view("message") : std::string_view(type_);
            return {SseEventKind::event, type, std::string_view(data_).substr(0, data_.size() - 1), last_event_id_};
        }
    }
    if (line_.size() > limits_.line_bytes_max) return fail("line_bytes_max");
    if (failed_) chunk = {};
    return {};
}

void SseDecoder::restart() {
    forget_event();
    line_.clear();
    id_ = last_event_id_;
    bom_bytes_ = 0;
    skip_lf_ = false;
    failed_ = false;
}

// True with a whole line, without its end; it is a view of the chunk where the line lies whole in it. False
// when the chunk is used up, or the line grew past its bound: then `line_` is past it too.
bool SseDecoder::take_line(std::string_view& chunk, std::string_view& line) {
    if (bom_bytes_ != kBomDone) skip_bom(chunk);
    if (skip_lf_ && !chunk.empty()) {
        if (chunk.front() == '\n') chunk.remove_prefix(1);
        skip_lf_ = false;
    }
    const auto end = std::find_if(chunk.begin(), chunk.end(), [](char c) { return c == '\n' || c == '\r'; });
    const auto size = static_cast<std::size_t>(end - chunk.begin());
    const std::string_view piece = chunk.substr(0, size);
    const bool whole = end != chunk.end();
    if (!whole || !line_.empty() || size > limits_.line_bytes_max) {
        // One byte past the bound is enough to know: never keep more of it.
        line_.append(piece.substr(0, limits_.line_bytes_max + 1 - line_.size()));
    }
    if (!whole || line_.size() > limits_.line_bytes_max) {
        chunk.remove_prefix(size);
        return false;
    }
    line = line_.empty() ? piece : std::string_view(line_);
    skip_lf_ = *end == '\r';
    chunk.remove_prefix(size + 1);
    return true;
}

// A byte order mark at the very beginning is dropped; what only began like one is text.
void SseDecoder::skip_bom(std::string_view& chunk) {
    while (bom_bytes_ < kBom.size() && !chunk.empty() && chunk.front() == kBom[bom_bytes_]) {
        ++bom_bytes_;
        chunk.remove_prefix(1);
    }
    if (bom_bytes_ == kBom.size()) {
        bom_bytes_ = kBomDone;
    } else if (!chunk.empty()) {
        line_.assign(kBom.substr(0, bom_bytes_));
        bom_bytes_ = kBomDone;
    }
}

void SseDecoder::take_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (!value.empty() && value.front() == ' ') value.remove_prefix(1);

    if (name == "data") {
        data_.append(value).push_back('\n');
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) id_ = value;
    } else if (name == "event") {
        type_ = value;
    } else if (name == "retry") {
        if (value.empty() || value.size() > kRetryDigitsMax) return;
        if (std::all_of(value.begin(), value.end(), is_digit)) retry_ms_ = std::stoull(std::string(value));
    }
}

// True when the block makes an event; one without data only sets the last event id.
bool SseDecoder::end_block() {
    last_event_id_ = id_;
    if (data_.empty()) {
        type_.clear();
        return false;
    }
    dispatched_ = true;
    return true;
}

void SseDecoder::forget_event() {
    data_.clear();
    type_.clear();
    dispatched_ = false;
}

SseEvent SseDecoder::fail(std::string_view bound) {
    failed_ = true;
    forget_event();
    line_ = {};
    return {SseEventKind::failed, {}, bound, last_event_id_};
}

}  // namespace mythos::protocol
