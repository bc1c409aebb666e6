#include "protocol/ws_deflate.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

namespace mythos::protocol {
namespace {

using namespace std::string_literals;

constexpr WsInflateLimits kWide{std::size_t{64} << 20, 0};

std::string inflated(WsInflater& inflater, std::string_view message) {
    std::string out;
    return inflater.inflate(message, out, kWide) == WsInflateStatus::ok ? out : "<refused>";
}

std::string deflated(WsDeflater& deflater, std::string_view message) {
    std::string out;
    deflater.deflate(message, out);
    return out;
}

std::string json_like(std::size_t bytes, unsigned seed) {
    std::mt19937 random(seed);
    std::string text;
    while (text.size() < bytes) text += "{\"player\":\"p" + std::to_string(random() % 1000) + "\",\"x\":1.5},";
    text.resize(bytes);
    return text;
}

std::string noise(std::size_t bytes) {
    std::mt19937 random(7);
    std::string text(bytes, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

TEST(WsDeflate, ReadsTheExamplesOfRfc7692Section7_2_3) {
    WsInflater alone;
    EXPECT_EQ(inflated(alone, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
    EXPECT_EQ(inflated(alone, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s), "Hello");          // a stored block
    EXPECT_EQ(inflated(alone, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), "Hello");                      // a final block
    EXPECT_EQ(inflated(alone, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s), "Hello");  // two blocks
    EXPECT_EQ(inflated(alone, "\x00"s), "");
    EXPECT_EQ(inflated(alone, "\x02\x00"s), "");
    EXPECT_EQ(inflated(alone, ""), "");

    WsInflater context(true);
    EXPECT_EQ(inflated(context, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
    EXPECT_EQ(inflated(context, "\xf2\x00\x11\x00\x00"s), "Hello");  // refers to the first message
    EXPECT_EQ(inflated(alone, "\xf2\x00\x11\x00\x00"s), "<refused>");
}

TEST(WsDeflate, KeepsTheWindowAcrossAFinalBlock) {
    WsInflater context(true);
    EXPECT_EQ(inflated(context, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), "Hello");
    EXPECT_EQ(inflated(context, "\xf2\x00\x11\x00\x00"s), "Hello");
}

TEST(WsDeflate, WritesWhatTheRfcWrites) {
    std::string out = "before";
    deflate_message("Hello", out);
    EXPECT_EQ(out, "before\xf2\x48\xcd\xc9\xc9\x07\x00"s);
    out.clear();
    deflate_message("", out);
    EXPECT_EQ(out, "\x00"s);  // RFC 7692 7.2.3.6

    WsDeflater context(15, true);
    EXPECT_EQ(deflated(context, "Hello"), "\xf2\x48\xcd\xc9\xc9\x07\x00"s);
    EXPECT_EQ(deflated(context, "Hello"), "\xf2\x00\x11\x00\x00"s);
    EXPECT_EQ(deflated(context, ""), "\x00"s);
    EXPECT_EQ(deflated(context, ""), "\x00"s);
}

TEST(WsDeflate, ComesBackForEveryWindowSizeAndContent) {
    const std::string contents[] = {"",
                                    "x",
                                    std::string(100'000, 'a'),
                                    json_like(300, 1),
                                    json_like(16'384, 2),
                                    json_like(70'000, 3),
                                    noise(40'000),
                                    ""};
    for (int bits = kWsWindowBitsMin; bits <= kWsWindowBitsMax; ++bits) {
        for (bool context : {false, true}) {
            WsDeflater deflater(bits, context);
            WsInflater inflater(context);
            for (const std::string& content : contents) {
                EXPECT_EQ(inflated(inflater, deflated(deflater, content)), content) << bits << context;
            }
        }
    }
}

// A plain zlib stream on the other side, which knows nothing of this project, with a window of its own size.
TEST(WsDeflate, PlainZlibReadsASmallWindow) {
    for (int bits = kWsWindowBitsMin; bits <= kWsWindowBitsMax; ++bits) {
        WsDeflater deflater(bits, true);
        z_stream peer{};
        ASSERT_EQ(inflateInit2(&peer, -bits), Z_OK);
        for (unsigned seed = 0; seed < 4; ++seed) {
            const std::string content = json_like(50'000, seed);
            std::string input = deflated(deflater, content) + "\x00\x00\xff\xff"s;
            std::string output(content.size() + 1, '\0');
            peer.next_in = reinterpret_cast<Bytef*>(input.data());
            peer.avail_in = static_cast<uInt>(input.size());
            peer.next_out = reinterpret_cast<Bytef*>(output.data());
            peer.avail_out = static_cast<uInt>(output.size());
            ASSERT_EQ(inflate(&peer, Z_SYNC_FLUSH), Z_OK);
            output.resize(output.size() - peer.avail_out);
            EXPECT_EQ(output, content) << bits;
        }
        inflateEnd(&peer);
    }
}

TEST(WsDeflate, PiecesGiveTheWhole) {
    const std::string content = json_like(2'000, 5);
    WsDeflater deflater;
    const std::string message = deflated(deflater, content);
    WsInflater inflater;
    for (std::size_t cut = 0; cut <= message.size(); ++cut) {
        std::string out;
        ASSERT_EQ(inflater.append(std::string_view(message).substr(0, cut), out, kWide), WsInflateStatus::ok);
        ASSERT_EQ(inflater.append(std::string_view(message).substr(cut), out, kWide), WsInflateStatus::ok);
        ASSERT_EQ(inflater.finish(out, kWide), WsInflateStatus::ok);
        ASSERT_EQ(out, content) << cut;
    }
}

TEST(WsDeflate, RefusesCorruptAndCutMessagesAndGoesOn) {
    WsDeflater deflater;
    const std::string message = deflated(deflater, json_like(500, 6));
    WsInflater inflater;
    EXPECT_EQ(inflated(inflater, "\xff\xff\xff\xff"s), "<refused>");
    EXPECT_EQ(inflated(inflater, "\x00\x09\x00\xf6\xffH"s), "<refused>");  // a stored block of 9, of which 1 came
    EXPECT_EQ(inflated(inflater, std::string_view(message).substr(0, message.size() / 2)), "<refused>");
    EXPECT_EQ(inflated(inflater, message), json_like(500, 6));
}

TEST(WsDeflate, HoldsTheSizeLimitExactly) {
    WsDeflater deflater;
    for (std::size_t size : {100u, 16'384u, 16'385u, 200'000u}) {
        const std::string message = deflated(deflater, std::string(size, 'a'));
        WsInflater inflater;
        std::string out;
        EXPECT_EQ(inflater.inflate(message, out, {size, 0}), WsInflateStatus::ok);
        out.clear();
        EXPECT_EQ(inflater.inflate(message, out, {size - 1, 0}), WsInflateStatus::too_big);
        EXPECT_LT(out.size(), size);
    }
}

TEST(WsDeflate, StopsABombByItsRatioButLetsSmallOnesBe) {
    WsDeflater deflater;
    const std::string bomb = deflated(deflater, std::string(10'000'000, 'a'));
    const std::string small = deflated(deflater, std::string(60'000, 'a'));
    WsInflater inflater;
    std::string out;
    EXPECT_EQ(inflater.inflate(bomb, out, {std::size_t{64} << 20, 100}), WsInflateStatus::ratio_exceeded);
    EXPECT_LT(out.size(), 2'000'000u);
    out.clear();
    EXPECT_EQ(inflater.inflate(small, out, {std::size_t{64} << 20, 100}), WsInflateStatus::ok);
    out.clear();
    EXPECT_EQ(inflater.inflate(bomb, out, {std::size_t{64} << 20, 0}), WsInflateStatus::ok);
}

}  // namespace
}  // namespace mythos::protocol
