#include "transport/http_parser.hpp"

#include <gtest/gtest.h>

namespace mythos::transport {
namespace {

constexpr std::size_t kHead = 1024;

HttpParse parse_to_end(HttpParser& parser, std::string_view bytes, std::size_t body_bytes_max = 100) {
    HttpParse result = parser.feed(bytes);
    if (result != HttpParse::head) return result;
    if (!parser.accept_body(body_bytes_max)) return HttpParse::body_too_big;
    return parser.feed(bytes);
}

HttpParse parse_all(std::string_view bytes, std::size_t body_bytes_max = 100) {
    HttpParser parser(kHead);
    return parse_to_end(parser, bytes, body_bytes_max);
}

TEST(HttpParser, ReadsARequestAndLeavesTheNext) {
    HttpParser parser(kHead);
    std::string_view bytes =
        "POST /api/publish?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n";
    ASSERT_EQ(parser.feed(bytes), HttpParse::head);
    EXPECT_TRUE(parser.has_body());
    EXPECT_EQ(parser.request().header("host"), "a");
    ASSERT_TRUE(parser.accept_body(2));
    ASSERT_EQ(parser.feed(bytes), HttpParse::done);
    EXPECT_EQ(bytes, "GET / HTTP/1.1\r\n");
    const HttpRequest request = parser.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/api/publish?x=1");
    EXPECT_EQ(request.body, "{}");
    EXPECT_TRUE(request.keep_alive);
}

TEST(HttpParser, ATargetInAbsoluteFormNamesTheHost) {
    const auto read = [](const std::string& target) {
        HttpParser parser(kHead);
        const std::string text = "GET " + target + " HTTP/1.1\r\nhost: a\r\n\r\n";
        std::string_view bytes = text;
        EXPECT_EQ(parser.feed(bytes), HttpParse::head) << target;
        const HttpRequest request = parser.request();
        return std::string(request.header("Host")) + " " + std::string(request.path()) + " " +
               std::string(request.query());
    };
    EXPECT_EQ(read("http://game.example:8000/api/channels?x=1"), "game.example:8000 /api/channels x=1");
    EXPECT_EQ(read("HTTPS://b/livez"), "b /livez ");
    EXPECT_EQ(read("http://b"), "b / ");
    EXPECT_EQ(read("http://b?x=http://c/"), "b / x=http://c/");
    EXPECT_EQ(read("/path?x=http://c/"), "a /path x=http://c/");
    EXPECT_EQ(read("ftp://b/"), "a ftp://b/ ");
    EXPECT_EQ(read("http:///livez"), "a http:///livez ");
}

TEST(HttpParser, ReadsByteByByte) {
    const std::string whole = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    HttpParser parser(kHead);
    std::string pending;
    HttpParse last = HttpParse::need_more;
    for (char c : whole) {
        pending.push_back(c);
        std::string_view bytes = pending;
        last = parser.feed(bytes);
        if (last == HttpParse::head) {
            ASSERT_TRUE(parser.accept_body(10));
            last = parser.feed(bytes);
        }
        pending.erase(0, pending.size() - bytes.size());
    }
    ASSERT_EQ(last, HttpParse::done);
    EXPECT_EQ(parser.take().body, "abc");
}

TEST(HttpParser, AGetIsDoneWithItsHead) {
    EXPECT_EQ(parse_all("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), HttpParse::done);
    HttpParser parser(kHead);
    std::string_view bytes = "GET / HTTP/1.0\r\n\r\n";
    ASSERT_EQ(parser.feed(bytes), HttpParse::head);
    EXPECT_FALSE(parser.request().keep_alive);
    EXPECT_FALSE(parser.request().http_1_1);
    EXPECT_FALSE(parser.has_body());
}

TEST(HttpParser, RefusesWhatIsNoHttp) {
    for (const char* bytes :
         {"\x16\x03\x01 hello\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/1.1\r\nHost a\r\n\r\n",
          "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "GET / HTTP/1.1\r\n Folded: first\r\n\r\n",
          "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"}) {
        EXPECT_EQ(parse_all(bytes), HttpParse::malformed) << bytes;
    }
}

TEST(HttpParser, RefusesCodingsThatItDoesNotSpeak) {
    EXPECT_EQ(parse_all("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"), HttpParse::not_implemented);
}

TEST(HttpParser, BoundsTheHead) {
    const std::string header = "X: " + std::string(2 * kHead, 'x') + "\r\n";
    EXPECT_EQ(parse_all("GET / HTTP/1.1\r\n" + header + "\r\n"), HttpParse::head_too_big);
    EXPECT_EQ(parse_all("GET /" + std::string(2 * kHead, 'x')), HttpParse::head_too_big);
}

TEST(HttpParser, BoundsTheBody) {
    EXPECT_EQ(parse_all("POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n"), HttpParse::body_too_big);
    EXPECT_EQ(parse_all("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde", 5), HttpParse::done);
    const std::string chunk = "40\r\n" + std::string(64, 'x') + "\r\n";
    EXPECT_EQ(parse_all("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk),
              HttpParse::body_too_big);
}

TEST(HttpParser, TellsWhoWaitsForContinue) {
    HttpParser parser(kHead);
    std::string_view bytes = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
    ASSERT_EQ(parser.feed(bytes), HttpParse::head);
    EXPECT_TRUE(parser.expects_continue());
}

}  // namespace
}  // namespace mythos::transport
