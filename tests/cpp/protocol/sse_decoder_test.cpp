#include "protocol/sse_decoder.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "protocol/sse.hpp"

namespace mythos::protocol {
namespace {

using namespace std::string_literals;

struct Seen {
    std::string type;
    std::string data;
    std::string id;
    friend bool operator==(const Seen&, const Seen&) = default;
};

void PrintTo(const Seen& seen, std::ostream* out) {
    *out << "{" << seen.type << " | " << ::testing::PrintToString(seen.data) << " | " << seen.id << "}";
}

void decode(SseDecoder& decoder, std::string chunk, std::vector<Seen>& seen) {
    std::string_view rest(chunk);
    for (SseEvent event = decoder.next(rest); event.kind != SseEventKind::need_more; event = decoder.next(rest)) {
        const bool failed = event.kind == SseEventKind::failed;
        seen.push_back(
            {failed ? "<failed>" : std::string(event.type), std::string(event.data), std::string(event.last_event_id)});
    }
    EXPECT_TRUE(rest.empty());
}

// Whole, cut in two at every place, and byte by byte.
void expect(const std::string& stream, const std::vector<Seen>& expected, SseDecoderLimits limits = {}) {
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        SseDecoder decoder(limits);
        std::vector<Seen> seen;
        decode(decoder, stream.substr(0, cut), seen);
        decode(decoder, stream.substr(cut), seen);
        ASSERT_EQ(seen, expected) << "cut at " << cut;
    }
    SseDecoder decoder(limits);
    std::vector<Seen> seen;
    for (char byte : stream) decode(decoder, std::string(1, byte), seen);
    EXPECT_EQ(seen, expected) << "byte by byte";
}

TEST(SseDecoder, ReadsTheExamplesOfTheStandard) {  // WHATWG HTML 9.2.6
    expect("data: YHOO\ndata: +2\ndata: 10\n\n", {{"message", "YHOO\n+2\n10", ""}});
    expect(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
           {{"message", "first event", "1"}, {"message", "second event", ""}, {"message", " third event", ""}});
    expect("data\n\ndata\ndata\n\ndata:", {{"message", "", ""}, {"message", "\n", ""}});
    expect("data:test\n\ndata: test\n\n", {{"message", "test", ""}, {"message", "test", ""}});
    expect("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
           {{"add", "73857293", ""}, {"remove", "2153", ""}});
}

TEST(SseDecoder, TakesEveryLineEnd) {
    const std::vector<Seen> two{{"message", "a\nb", ""}, {"message", "c", ""}};
    for (const std::string end : {"\n", "\r", "\r\n"}) {
        expect("data: a" + end + "data: b" + end + end + "data: c" + end + end, two);
    }
    expect("data: a\r\ndata: b\r\rdata: c\n\r\n", two);
}

TEST(SseDecoder, DropsOneByteOrderMarkAtTheVeryBeginning) {
    expect(
        "\xEF\xBB\xBF"
        "data: a\n\n",
        {{"message", "a", ""}});
    expect(
        "\xEF\xBB\xBF\xEF\xBB\xBF"
        "data: a\n\n",
        {});
    expect(
        "data: a\n\xEF\xBB\xBF"
        "data: b\n\n",
        {{"message", "a", ""}});
    expect(
        "\xEF\xBB"
        "data: a\n\n",
        {});
}

TEST(SseDecoder, IdPersistsAndIgnoresNul) {
    expect("id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid: 3\n\ndata: d\n\nid:\ndata: e\n\n"s,
           {{"message", "a", "1"},
            {"message", "b", "1"},
            {"message", "c", "1"},
            {"message", "d", "3"},
            {"message", "e", ""}});
}

TEST(SseDecoder, ABlockWithoutDataSetsTheIdAndForgetsTheType) {
    expect("event: x\nid: 9\n\ndata: a\n\n", {{"message", "a", "9"}});
    SseDecoder decoder;
    std::vector<Seen> seen;
    decode(decoder, "id: 5\n", seen);
    EXPECT_EQ(decoder.last_event_id(), "");  // not before the block ends
    decode(decoder, "\n", seen);
    EXPECT_EQ(decoder.last_event_id(), "5");
    EXPECT_TRUE(seen.empty());
}

TEST(SseDecoder, IgnoresUnknownFieldsAndOtherCase) {
    expect("DATA: a\ndatax: b\n data: c\nfoo\n:data: d\ndata : e\n\n", {});
    expect("data:a:b\n\n", {{"message", "a:b", ""}});
}

TEST(SseDecoder, RetryTakesDigitsOnly) {
    SseDecoder decoder;
    std::vector<Seen> seen;
    for (const char* bad : {"retry: 1x\n", "retry: -1\n", "retry:\n", "retry:  5\n", "retry: 9999999999999999999\n"}) {
        decode(decoder, bad, seen);
        EXPECT_EQ(decoder.retry_ms(), std::nullopt) << bad;
    }
    decode(decoder, "retry: 3600000\n", seen);
    EXPECT_EQ(decoder.retry_ms(), 3'600'000u);
}

TEST(SseDecoder, ANewStreamDropsTheIncompleteAndKeepsTheId) {
    SseDecoder decoder;
    std::vector<Seen> seen;
    decode(decoder, "id: 1\ndata: a\n\nretry: 7\nid: 2\ndata: lost\nda", seen);
    decoder.restart();
    decode(decoder,
           "\xEF\xBB\xBF"
           "data: b\n\n",
           seen);
    EXPECT_EQ(seen, (std::vector<Seen>{{"message", "a", "1"}, {"message", "b", "1"}}));
    EXPECT_EQ(decoder.retry_ms(), 7u);
}

TEST(SseDecoder, FailsForGoodPastItsBounds) {
    const SseDecoderLimits limits{16, 20};
    expect("data: 1234567890\n\n", {{"message", "1234567890", ""}}, limits);
    expect("id: 1\n\ndata: 12345678901\n\ndata: x\n\n", {{"<failed>", "line_bytes_max", "1"}}, limits);
    expect(":comment too long for it\ndata: x\n\n", {{"<failed>", "line_bytes_max", ""}}, limits);
    expect("data: 123456789\ndata: 1234567890\n\n", {{"message", "123456789\n1234567890", ""}}, limits);
    expect("data: 1234567890\ndata: 1234567890\n\n", {{"<failed>", "event_bytes_max", ""}}, limits);
}

TEST(SseDecoder, ReadsWhatTheEncoderWrites) {
    std::string stream;
    append_sse_block(stream, "k3f9-1", " leading space\nand\n\nlines\n", 1000);
    append_sse_comment(stream, "hello\nthere");
    append_sse_block(stream, "k3f9-2", "");
    expect(stream, {{"message", " leading space\nand\n\nlines\n", "k3f9-1"}, {"message", "", "k3f9-2"}});
}

}  // namespace
}  // namespace mythos::protocol
