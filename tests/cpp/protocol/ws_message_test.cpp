#include "protocol/ws_message.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "protocol/ws_stream.hpp"

namespace mythos::protocol {
namespace {

using namespace std::string_literals;
using Events = std::vector<SeenWsEvent>;

SeenWsEvent text(std::string payload) { return {WsEventKind::text, 0, std::move(payload)}; }
SeenWsEvent binary(std::string payload) { return {WsEventKind::binary, 0, std::move(payload)}; }
SeenWsEvent ping(std::string payload) { return {WsEventKind::ping, 0, std::move(payload)}; }
SeenWsEvent pong(std::string payload) { return {WsEventKind::pong, 0, std::move(payload)}; }
SeenWsEvent closed(std::uint16_t code, std::string reason) { return {WsEventKind::close, code, std::move(reason)}; }
SeenWsEvent failed(std::uint16_t code) { return {WsEventKind::failed, code, ""}; }

std::string first(WsOpcode opcode, std::string_view payload) { return client_frame(opcode, payload, false); }
std::string more(std::string_view payload) { return client_frame(WsOpcode::continuation, payload, false); }
std::string last(std::string_view payload) { return client_frame(WsOpcode::continuation, payload); }
std::string whole(std::string_view payload) { return client_frame(WsOpcode::text, payload); }

// The words of a failure are for logs; the tests look at its code.
Events without_words(Events events) {
    for (SeenWsEvent& event : events) {
        if (event.kind == WsEventKind::failed) event.payload.clear();
    }
    return events;
}

class WsMessage : public ::testing::Test {
protected:
    Events receive(std::string_view bytes, const std::vector<std::size_t>& cuts = {}) {
        return without_words(receive_cut(config_, mode_, bytes, cuts));
    }

    // Whole, byte by byte, and cut in two at every place.
    void expect(std::string_view bytes, const Events& expected) {
        EXPECT_EQ(receive(bytes), expected);
        std::vector<std::size_t> everywhere;
        for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
            everywhere.push_back(cut);
            ASSERT_EQ(receive(bytes, {cut}), expected) << "cut at " << cut;
        }
        EXPECT_EQ(receive(bytes, everywhere), expected) << "byte by byte";
    }

    WsInflateScratch scratch_;
    WsReceiverConfig config_{WsRole::server, true, 1 << 16, 0, &scratch_};
    WsInflateMode mode_ = WsInflateMode::off;
};

TEST_F(WsMessage, ReceivesTheExamplesOfRfc6455Section5_7) {
    expect("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", {text("Hello")});
    config_.role = WsRole::client;
    expect("\x81\x05Hello", {text("Hello")});
    expect("\x01\x03Hel\x80\x02lo", {text("Hello")});
    expect("\x89\x05Hello", {ping("Hello")});
    expect("\x82\x7E\x01\x00"s + std::string(256, 'b'), {binary(std::string(256, 'b'))});
}

TEST_F(WsMessage, ReceivesEveryLengthsForm) {
    for (std::size_t size : {0u, 1u, 125u, 126u, 127u, 128u, 300u})
        expect(whole(std::string(size, 'x')), {text(std::string(size, 'x'))});
    const std::string large(65'536, 'y');
    EXPECT_EQ(receive(client_frame(WsOpcode::binary, large)), Events{binary(large)});
    EXPECT_EQ(receive(client_frame(WsOpcode::binary, large), {1, 5, 13, 14, 15, 20'000}), Events{binary(large)});
}

TEST_F(WsMessage, JoinsFragmentsAndLetsControlFramesBetween) {
    expect(first(WsOpcode::text, "a") + client_frame(WsOpcode::ping, "one") + more("") + more("b") +
               client_frame(WsOpcode::pong, "") + last("c") + whole("next"),
           {ping("one"), pong(""), text("abc"), text("next")});
    expect(first(WsOpcode::binary, "") + last(""), {binary("")});
    expect(whole("1") + whole("2") + client_frame(WsOpcode::binary, "\xFF\x00"s) + whole("3"),
           {text("1"), text("2"), binary("\xFF\x00"s), text("3")});
}

TEST_F(WsMessage, FailsProtocolErrorsWith1002) {
    const std::string bodies[] = {
        server_frame(WsOpcode::text, "unmasked"),
        client_frame(WsOpcode::text, "x", true, true),  // RSV1 without an extension
        "\xA1\x80kkkk"s,                                // RSV2
        "\x91\x80kkkk"s,                                // RSV3
        "\x83\x80kkkk"s,
        "\x8B\x80kkkk"s,
        "\x8F\x80kkkk"s,                    // reserved opcodes
        "\x09\x80kkkk"s,                    // a fragmented ping
        "\x89\xFE\x00\x7Ekkkk"s,            // a ping of 126 bytes
        "\x81\xFE\x00\x05kkkk"s,            // 5 in two bytes
        "\x81\xFF\x80\0\0\0\0\0\0\0kkkk"s,  // the top bit of the length
        last("nothing to continue"),
        more("nothing to continue"),
        first(WsOpcode::text, "a") + whole("b"),  // a new message within a message
        first(WsOpcode::text, "a") + last("b") + last("c"),
        client_frame(WsOpcode::close, "\x03"),      // half a code
        client_frame(WsOpcode::close, "\x03\xED"),  // 1005
        client_frame(WsOpcode::close, "\x03\xE7"),  // 999
        client_frame(WsOpcode::close, "\x13\x88"),  // 5000
    };
    for (const std::string& body : bodies) {
        Events before;
        if (body == bodies[14]) before.push_back(text("ab"));
        before.push_back(failed(kWsProtocolError));
        expect(body + whole("after"), before);
    }
    config_.role = WsRole::client;
    expect(whole("masked by a server"), {failed(kWsProtocolError)});
}

TEST_F(WsMessage, FailsTextThatIsNotUtf8With1007) {
    expect(whole("\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5"),
           {text("\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5")});
    expect(whole("\xCE\xBA\xED\xA0\x80xyz"), {failed(kWsInvalidPayload)});
    expect(whole("cut \xE2\x82"), {failed(kWsInvalidPayload)});
    expect(first(WsOpcode::text, "\xE2") + more("\x82") + last("\xAC"), {text("\xE2\x82\xAC")});
    expect(first(WsOpcode::text, "\xE2") + last("\x82"), {failed(kWsInvalidPayload)});
    expect(client_frame(WsOpcode::close, "\x03\xE8\xFF"), {failed(kWsInvalidPayload)});
    expect(client_frame(WsOpcode::binary, "\xFF"), {binary("\xFF")});
}

TEST_F(WsMessage, FailsBadTextBeforeItsEndHasCome) {  // Autobahn 6.3 and 6.4
    const std::string begun = first(WsOpcode::text, "\xCE\xBA\xF4\x90");
    EXPECT_EQ(receive(begun), Events{failed(kWsInvalidPayload)});
    const std::string long_frame = whole("\xF4\x90" + std::string(1000, 'x'));
    EXPECT_EQ(receive(long_frame.substr(0, 10)), Events{failed(kWsInvalidPayload)});
}

TEST_F(WsMessage, FailsTooBigMessagesWith1009FromTheHeaderOn) {
    config_.message_bytes_max = 100;
    expect(whole(std::string(100, 'x')), {text(std::string(100, 'x'))});
    expect(whole(std::string(101, 'x')), {failed(kWsMessageTooBig)});
    expect(first(WsOpcode::text, std::string(60, 'x')) + last(std::string(40, 'x')), {text(std::string(100, 'x'))});
    expect(first(WsOpcode::text, std::string(60, 'x')) + last(std::string(41, 'x')), {failed(kWsMessageTooBig)});
    expect("\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFFkkkk"s, {failed(kWsMessageTooBig)});
    expect(first(WsOpcode::text, "x") + "\x80\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFFkkkk"s, {failed(kWsMessageTooBig)});
    config_.message_bytes_max = 10;  // is no limit for control frames
    expect(client_frame(WsOpcode::ping, std::string(125, 'p')), {ping(std::string(125, 'p'))});
}

TEST_F(WsMessage, RefusesBinaryWith1003WhereSoConfigured) {
    config_.binary_allowed = false;
    expect(whole("t") + client_frame(WsOpcode::binary, "b"), {text("t"), failed(kWsUnsupportedData)});
    expect(first(WsOpcode::binary, "b"), {failed(kWsUnsupportedData)});
}

TEST_F(WsMessage, TellsTheCloseAndSwallowsTheRest) {
    expect(client_frame(WsOpcode::close, "") + whole("after"), {closed(kWsNoStatus, "")});
    expect(client_frame(WsOpcode::close,
                        "\x03\xE8"
                        "bye") +
               client_frame(WsOpcode::ping, ""),
           {closed(1000, "bye")});
    expect(first(WsOpcode::text, "half") + client_frame(WsOpcode::close, "\x0F\xA1"), {closed(4001, "")});
    WsReceiver receiver(config_);
    Events seen;
    receive_chunk(receiver, client_frame(WsOpcode::close, "\x03\xE8") + std::string(1000, 'x'), seen);
    EXPECT_TRUE(receiver.finished());
    std::string bytes = "more";
    std::span<char> chunk(bytes);
    EXPECT_EQ(receiver.next(chunk).kind, WsEventKind::need_more);
    EXPECT_TRUE(chunk.empty());
    EXPECT_TRUE(receiver.idle());
}

TEST_F(WsMessage, HandsAWholeFrameOutWithoutCopying) {
    std::string bytes = whole("in place") + client_frame(WsOpcode::ping, "also");
    std::span<char> chunk(bytes);
    WsReceiver receiver(config_);
    const char* const begin = bytes.data();
    EXPECT_EQ(receiver.next(chunk).payload.data(), begin + 6);
    EXPECT_TRUE(receiver.idle());
    EXPECT_EQ(receiver.next(chunk).payload.data(), begin + 14 + 6);
    EXPECT_EQ(receiver.buffered_bytes(), 0u);
}

TEST_F(WsMessage, OwnsNoBufferWhenNothingIsUnderWay) {
    WsReceiver receiver(config_);
    Events seen;
    for (const std::string& bytes : {whole("cut in two"), client_frame(WsOpcode::ping, "cut in two"),
                                     first(WsOpcode::text, "one") + last("two")}) {
        receive_chunk(receiver, bytes.substr(0, 8), seen);
        EXPECT_FALSE(receiver.idle());
        receive_chunk(receiver, bytes.substr(8), seen);
        EXPECT_TRUE(receiver.idle());
        EXPECT_EQ(receiver.buffered_bytes(), 0u);
    }
    EXPECT_EQ(seen.size(), 3u);
    receive_chunk(receiver, "\x81", seen);
    EXPECT_FALSE(receiver.idle());
    EXPECT_EQ(receiver.buffered_bytes(), 0u);  // part of a header needs no heap either
}

TEST_F(WsMessage, AnAnnouncedLengthAloneTakesNoMemory) {
    config_.message_bytes_max = std::size_t{1} << 30;
    WsReceiver receiver(config_);
    Events seen;
    receive_chunk(receiver, "\x82\xFF\0\0\0\0\x20\0\0\0kkkkx"s, seen);
    EXPECT_LT(receiver.buffered_bytes(), 20'000u);
}

TEST_F(WsMessage, MayStopBetweenTwoEventsAndGoOn) {
    std::string bytes = whole("one") + whole("two");
    std::span<char> chunk(bytes);
    WsReceiver receiver(config_);
    EXPECT_EQ(receiver.next(chunk).payload, "one");
    std::string rest(chunk.begin(), chunk.end());
    std::span<char> later(rest);
    EXPECT_EQ(receiver.next(later).payload, "two");
}

class WsMessageDeflated : public WsMessage {
protected:
    WsMessageDeflated() { mode_ = WsInflateMode::each_alone; }

    static std::string deflated(std::string_view message) {
        std::string out;
        deflate_message(message, out);
        return out;
    }
    static std::string compressed_frame(std::string_view message) {
        return client_frame(WsOpcode::text, deflated(message), true, true);
    }
};

TEST_F(WsMessageDeflated, InflatesWholeAndFragmentedMessages) {
    const std::string body = deflated("Hello Hello Hello");
    expect(compressed_frame("Hello") + whole("plain") + compressed_frame(""), {text("Hello"), text("plain"), text("")});
    expect(client_frame(WsOpcode::text, body.substr(0, 3), false, true) + client_frame(WsOpcode::ping, "p") + more("") +
               last(body.substr(3)),
           {ping("p"), text("Hello Hello Hello")});
    expect(client_frame(WsOpcode::binary, deflated("\xFF\xFE"), true, true), {binary("\xFF\xFE")});
}

TEST_F(WsMessageDeflated, ReservedBitOnlyOnAMessagesFirstFrame) {
    expect(client_frame(WsOpcode::ping, "p", true, true), {failed(kWsProtocolError)});
    expect(client_frame(WsOpcode::text, "\xf2", false, true) + client_frame(WsOpcode::continuation, "", true, true),
           {failed(kWsProtocolError)});
}

TEST_F(WsMessageDeflated, LimitsWhatComesOut) {
    config_.message_bytes_max = 1000;
    expect(compressed_frame(std::string(1000, 'x')), {text(std::string(1000, 'x'))});
    expect(compressed_frame(std::string(1001, 'x')), {failed(kWsMessageTooBig)});
    config_.message_bytes_max = 1 << 20;
    config_.inflate_ratio_max = 50;
    EXPECT_EQ(receive(compressed_frame(std::string(500'000, 'x'))), Events{failed(kWsMessageTooBig)});
    EXPECT_EQ(receive(compressed_frame(std::string(50'000, 'x'))), Events{text(std::string(50'000, 'x'))});
}

TEST_F(WsMessageDeflated, AMessageThatCannotBeCompressedStillFitsTheLimit) {
    std::mt19937 random(3);
    for (std::size_t size : {1u, 10u, 100u, 1'000u, 60'000u}) {
        std::string noise(size, '\0');
        for (char& c : noise) c = static_cast<char>(random());
        config_.message_bytes_max = size;
        EXPECT_EQ(receive(client_frame(WsOpcode::binary, deflated(noise), true, true)), Events{binary(noise)}) << size;
    }
}

TEST_F(WsMessageDeflated, FailsWhatDoesNotInflateOrIsNotUtf8) {
    expect(client_frame(WsOpcode::text, "\xff\xff\xff", true, true), {failed(kWsInvalidPayload)});
    expect(compressed_frame("\xED\xA0\x80"), {failed(kWsInvalidPayload)});
    // The loop's inflater is not spoilt for the next connection.
    EXPECT_EQ(receive(compressed_frame("Hello")), Events{text("Hello")});
}

TEST_F(WsMessageDeflated, ConnectionsShareOneInflaterWhileTheirMessagesInterleave) {
    const std::string a = compressed_frame("aaaaaaaaaaaaaaaaaaaaaaaa");
    const std::string b = compressed_frame("bbbbbbbbbbbbbbbbbbbbbbbb");
    WsReceiver one(config_, mode_);
    WsReceiver two(config_, mode_);
    Events seen;
    receive_chunk(one, a.substr(0, 8), seen);
    receive_chunk(two, b.substr(0, 9), seen);
    receive_chunk(one, a.substr(8), seen);
    receive_chunk(two, b.substr(9), seen);
    EXPECT_EQ(seen, (Events{text(std::string(24, 'a')), text(std::string(24, 'b'))}));
}

TEST_F(WsMessageDeflated, KeepsTheWindowWhereThePeerKeepsIts) {
    WsDeflater peer(15, true);
    std::string bytes;
    for (int i = 0; i < 3; ++i) {
        std::string body;
        peer.deflate("the same words", body);
        bytes += client_frame(WsOpcode::text, body, true, true);
    }
    const SeenWsEvent message = text("the same words");
    mode_ = WsInflateMode::context;
    expect(bytes, {message, message, message});
    mode_ = WsInflateMode::each_alone;
    EXPECT_EQ(receive(bytes), (Events{message, failed(kWsInvalidPayload)}));
}

TEST_F(WsMessage, ReceivesARandomStreamCutAnywhere) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 random(seed);
        std::string bytes;
        Events expected;
        for (int i = 0; i < 12; ++i) {
            std::string payload(random() % 400, static_cast<char>('a' + i));
            const std::size_t cut = random() % (payload.size() + 1);
            const std::string_view view(payload);
            bytes += first(WsOpcode::text, view.substr(0, cut)) + client_frame(WsOpcode::ping, view.substr(0, 9)) +
                     last(view.substr(cut));
            expected.push_back(ping(payload.substr(0, 9)));
            expected.push_back(text(payload));
        }
        std::vector<std::size_t> cuts;
        for (std::size_t cut = random() % 50; cut < bytes.size(); cut += random() % 500) cuts.push_back(cut);
        ASSERT_EQ(receive(bytes, cuts), expected) << "seed " << seed;
    }
}

}  // namespace
}  // namespace mythos::protocol
