// permessage-deflate: hostile messages in, our own messages back, offers negotiated.
//
// Holds: inflating in pieces equals inflating at once, equals plain zlib where no final block is met, and never
// passes the limit; deflating and inflating gives the message back, with or without context; what the
// negotiation answers is what a client reads.
// Input: a byte of options, a byte that places the cut, the message.
#include <zlib.h>

#include <cstdlib>
#include <optional>

#include "protocol/ws_deflate.hpp"
#include "protocol/ws_extension.hpp"

namespace {

using namespace mythos::protocol;

constexpr WsInflateLimits kLimits{40'000, 0};

void require(bool holds) {
    if (!holds) std::abort();
}

// Nothing where the message is corrupt, too long, or holds a final block.
std::optional<std::string> plain_zlib(std::string message) {
    message.append("\x00\x00\xff\xff", 4);
    std::string out(kLimits.bytes_max + 1, '\0');
    z_stream stream{};
    require(inflateInit2(&stream, -15) == Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(message.data());
    stream.avail_in = static_cast<uInt>(message.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int code = inflate(&stream, Z_SYNC_FLUSH);
    inflateEnd(&stream);
    if (code != Z_OK || stream.avail_in != 0 || stream.avail_out == 0) return std::nullopt;
    out.resize(out.size() - stream.avail_out);
    return out;
}

void check_inflating(std::string_view message, std::size_t cut) {
    WsInflater at_once;
    std::string whole;
    const bool ok = at_once.inflate(message, whole, kLimits) == WsInflateStatus::ok;
    require(whole.size() <= kLimits.bytes_max);

    WsInflater in_pieces;
    std::string joined;
    const bool pieces_ok = in_pieces.append(message.substr(0, cut), joined, kLimits) == WsInflateStatus::ok &&
                           in_pieces.append(message.substr(cut), joined, kLimits) == WsInflateStatus::ok &&
                           in_pieces.finish(joined, kLimits) == WsInflateStatus::ok;
    require(pieces_ok == ok);
    require(!ok || joined == whole);
    const std::optional<std::string> plain = plain_zlib(std::string(message));
    require(!ok || !plain || *plain == whole);

    // Whatever was read before, the next message that stands alone is read rightly.
    std::string next;
    std::string hello;
    deflate_message("hello hello", hello);
    require(at_once.inflate(hello, next, kLimits) == WsInflateStatus::ok && next == "hello hello");
}

void check_round_trip(std::string_view message, std::size_t cut, int window_bits, bool context) {
    WsDeflater deflater(window_bits, context);
    WsInflater inflater(context);
    for (const std::string_view part : {message.substr(0, cut), message.substr(cut), message}) {
        std::string deflated;
        deflater.deflate(part, deflated);
        std::string out;
        require(inflater.inflate(deflated, out, {message.size(), 0}) == WsInflateStatus::ok && out == part);
    }
}

void check_negotiation(std::string_view offers, const WsDeflatePolicy& policy) {
    const std::optional<WsDeflateAgreement> agreement = negotiate_ws_deflate(offers, policy);
    if (!agreement) return;
    const auto read = read_ws_deflate_answer(ws_deflate_answer(*agreement));
    require(read.ok() && read.value() == agreement);
    require(agreement->server_max_window_bits.value_or(15) >= policy.server_window_bits_min);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view message(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t cut = message.size() * data[1] / 255;
    check_inflating(message, cut);
    check_round_trip(message, cut, kWsWindowBitsMin + data[0] % 7, (data[0] & 8) != 0);
    check_negotiation(message, WsDeflatePolicy{});
    check_negotiation(message, WsDeflatePolicy::any());
    return 0;
}
