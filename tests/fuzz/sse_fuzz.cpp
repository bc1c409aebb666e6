// Server-Sent Events: hostile streams in, our own blocks back.
//
// Holds: the same events, last id and retry time however the stream is cut; limits; and any id and data that we
// write come back, with line ends as LF and without what an id may not hold.
// Input: a byte that seeds the cuts, a byte that divides id from data, the stream.
#include <cstdlib>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "protocol/sse.hpp"
#include "protocol/sse_decoder.hpp"

namespace {

using namespace mythos::protocol;
using Seen = std::tuple<SseEventKind, std::string, std::string, std::string>;

constexpr SseDecoderLimits kLimits{200, 300};

void require(bool holds) {
    if (!holds) std::abort();
}

void decode(SseDecoder& decoder, std::string_view bytes, std::vector<Seen>& seen) {
    std::string chunk(bytes);  // so that ASan sees a view that outlives its chunk
    std::string_view rest(chunk);
    for (SseEvent event = decoder.next(rest); event.kind != SseEventKind::need_more; event = decoder.next(rest)) {
        require(event.kind == SseEventKind::failed || event.data.size() <= kLimits.event_bytes_max);
        seen.emplace_back(event.kind, event.type, event.data, event.last_event_id);
    }
    require(rest.empty());
}

void check_cuts(std::string_view stream, unsigned seed) {
    SseDecoder at_once(kLimits);
    SseDecoder in_pieces(kLimits);
    std::vector<Seen> whole;
    std::vector<Seen> joined;
    decode(at_once, stream, whole);
    std::minstd_rand random(seed);
    for (std::size_t begin = 0; begin < stream.size();) {
        const std::size_t size = 1 + random() % 9;
        decode(in_pieces, stream.substr(begin, size), joined);
        begin += size;
    }
    require(whole == joined);
    require(at_once.last_event_id() == in_pieces.last_event_id());
    require(at_once.retry_ms() == in_pieces.retry_ms());
}

std::string with_lf_only(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && i > 0 && text[i - 1] == '\r') continue;
        out.push_back(text[i] == '\r' ? '\n' : text[i]);
    }
    return out;
}

void check_round_trip(std::string_view id, std::string_view data) {
    std::string block;
    append_sse_comment(block, data);
    append_sse_block(block, id, data, 1234);
    SseDecoder decoder;
    std::string_view rest(block);
    const SseEvent event = decoder.next(rest);
    require(event.kind == SseEventKind::event && event.type == "message" && event.data == with_lf_only(data));
    std::string clean_id(id);
    std::erase_if(clean_id, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    require(event.last_event_id == clean_id && decoder.retry_ms() == 1234u);
    require(decoder.next(rest).kind == SseEventKind::need_more);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
    check_cuts(stream, data[0]);
    const std::size_t divide = stream.size() * data[1] / 255;
    check_round_trip(stream.substr(0, divide), stream.substr(divide));
    return 0;
}
