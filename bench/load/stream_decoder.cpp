#include "load/stream_decoder.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

#include "load/failure.hpp"

namespace mythos::bench {

int http_status(std::string_view head) {
    int status = -1;
    if (head.size() > 12) std::from_chars(head.data() + 9, head.data() + 12, status);
    return status;
}

std::string http_header(std::string_view head, std::string_view name) {
    std::string lower(head);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t at = lower.find("\r\n" + std::string(name) + ":");
    if (at == std::string::npos) return {};
    const std::size_t begin = lower.find_first_not_of(' ', at + 3 + name.size());
    return lower.substr(begin, lower.find("\r\n", begin) - begin);
}

void StreamDecoder::reset() {
    carry_.clear();
    chunk_left_ = 0;
    head_done_ = chunked_ = false;
    chunk_state_ = ChunkState::size;
}

void StreamDecoder::feed(std::span<char> bytes, StreamSink& sink) {
    std::size_t carried = carry_.size();
    if (!head_done_) {
        const std::size_t used = feed_head({bytes.data(), bytes.size()}, sink);
        if (!head_done_) {
            carry_.assign(bytes.data(), bytes.size());
            return;
        }
        bytes = bytes.subspan(used);
        carried = 0;
    }
    if (chunked_) bytes = bytes.first(carried + dechunk(bytes.data() + carried, bytes.size() - carried));
    const std::size_t used =
        wire_ == Wire::websocket ? feed_websocket(bytes, sink) : feed_sse({bytes.data(), bytes.size()}, sink);
    const auto rest = bytes.subspan(used);
    if (rest.empty() && carry_.empty()) return;
    carry_.assign(rest.data(), rest.size());
    if (rest.empty()) carry_.shrink_to_fit();
}

std::size_t StreamDecoder::feed_head(std::string_view bytes, StreamSink& sink) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    const std::string_view head = bytes.substr(0, end + 2);
    head_done_ = true;
    carry_.clear();
    chunked_ = wire_ == Wire::sse && http_header(head, "transfer-encoding") == "chunked";
    return sink.on_head(http_status(head)) ? end + 4 : bytes.size();
}

std::size_t StreamDecoder::feed_websocket(std::span<char> bytes, StreamSink& sink) {
    std::size_t at = 0;
    while (bytes.size() - at >= 2) {
        const auto* head = reinterpret_cast<const unsigned char*>(bytes.data() + at);
        std::size_t header_size = 2;
        std::uint64_t length = head[1] & 0x7fU;
        if ((head[1] & 0x80U) != 0) throw Failure("the server masked a frame");
        const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
        if (bytes.size() - at < 2 + extended) break;
        if (extended != 0) {
            length = 0;
            for (std::size_t i = 0; i < extended; ++i) length = length << 8 | head[2 + i];
            header_size += extended;
        }
        if (bytes.size() - at - header_size < length) break;
        const std::string_view payload(bytes.data() + at + header_size, length);
        at += header_size + length;
        switch (head[0]) {
            case 0x81:
            case 0x82:
                sink.on_message(payload);
                break;
            case 0x89:
                sink.on_ping(payload);
                break;
            case 0x8a:
                break;
            case 0x88: {
                const auto* code = reinterpret_cast<const unsigned char*>(payload.data());
                sink.on_close(payload.size() < 2 ? 1005 : code[0] << 8 | code[1]);
                return bytes.size();
            }
            default:
                throw Failure("the server sent a fragmented, compressed or unknown frame");
        }
    }
    return at;
}

std::size_t StreamDecoder::feed_sse(std::string_view bytes, StreamSink& sink) {
    std::size_t block_begin = 0;
    std::size_t line_begin = 0;
    std::string_view data;
    while (const void* newline = std::memchr(bytes.data() + line_begin, '\n', bytes.size() - line_begin)) {
        const auto line_end = static_cast<std::size_t>(static_cast<const char*>(newline) - bytes.data());
        std::string_view line = bytes.substr(line_begin, line_end - line_begin);
        if (line.ends_with('\r')) line.remove_suffix(1);
        line_begin = line_end + 1;
        if (line.starts_with("data:")) {
            if (!data.empty()) throw Failure("the server sent a block with two data lines");
            data = line.substr(line.size() > 5 && line[5] == ' ' ? 6 : 5);
        } else if (line.empty()) {
            if (!data.empty()) sink.on_message(data);
            data = {};
            block_begin = line_begin;
        }
    }
    return block_begin;
}

std::size_t StreamDecoder::dechunk(char* bytes, std::size_t size) {
    std::size_t out = 0;
    for (std::size_t in = 0; in < size;) {
        const char c = bytes[in];
        switch (chunk_state_) {
            case ChunkState::size:
                ++in;
                if (std::isxdigit(static_cast<unsigned char>(c)) != 0) {
                    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
                    chunk_left_ = chunk_left_ * 16 + static_cast<std::size_t>(digit);
                } else if (c == '\n') {
                    chunk_state_ = chunk_left_ == 0 ? ChunkState::data_end : ChunkState::data;
                } else if (c == ';') {
                    chunk_state_ = ChunkState::extension;
                }
                break;
            case ChunkState::extension:
                ++in;
                if (c == '\n') chunk_state_ = chunk_left_ == 0 ? ChunkState::data_end : ChunkState::data;
                break;
            case ChunkState::data: {
                const std::size_t take = std::min(chunk_left_, size - in);
                std::memmove(bytes + out, bytes + in, take);
                out += take;
                in += take;
                chunk_left_ -= take;
                if (chunk_left_ == 0) chunk_state_ = ChunkState::data_end;
                break;
            }
            case ChunkState::data_end:
                ++in;
                if (c == '\n') chunk_state_ = ChunkState::size;
                break;
        }
    }
    return out;
}

}  // namespace mythos::bench
