#include "transport/http_message.hpp"

#include <gtest/gtest.h>

namespace mythos::transport {
namespace {

constexpr WallTime kNow{784'111'777'000'000'000};  // RFC 9110 5.6.7's example

TEST(HttpMessage, FindsHeadersInAnyCase) {
    HttpRequest request;
    request.headers = {{"Host", "a"}, {"X-One", "1"}, {"x-one", "2"}};
    EXPECT_EQ(request.header("hOST"), "a");
    EXPECT_EQ(request.header("X-ONE"), "1");
    EXPECT_EQ(request.joined_header("x-One"), "1, 2");
    EXPECT_EQ(request.header("absent"), "");
    EXPECT_TRUE(request.has_header("host"));
    EXPECT_FALSE(request.has_header("absent"));
}

TEST(HttpMessage, SplitsTheTarget) {
    HttpRequest request;
    request.target = "/ws/p1?cursor=a-1?x";
    EXPECT_EQ(request.path(), "/ws/p1");
    EXPECT_EQ(request.query(), "cursor=a-1?x");
    request.target = "/livez";
    EXPECT_EQ(request.path(), "/livez");
    EXPECT_EQ(request.query(), "");
}

TEST(HttpMessage, WritesTheDate) { EXPECT_EQ(http_date(kNow), "Sun, 06 Nov 1994 08:49:37 GMT"); }

TEST(HttpMessage, WritesAResponse) {
    HttpResponse response;
    response.status = 404;
    response.body = "{}";
    response.headers = {{"Vary", "Origin"}};
    std::string bytes;
    append_response(bytes, response, true, false, kNow);
    EXPECT_EQ(bytes,
              "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\n"
              "Content-Length: 2\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nVary: Origin\r\n"
              "Connection: keep-alive\r\n\r\n{}");
}

TEST(HttpMessage, LeavesTheBodyOutWhereThereIsNone) {
    HttpResponse response;
    response.body = "body";
    std::string head;
    append_response(head, response, true, true, kNow);
    EXPECT_NE(head.find("Content-Length: 4\r\n"), std::string::npos);
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    response.status = 204;
    std::string empty;
    append_response(empty, response, false, false, kNow);
    EXPECT_EQ(empty.find("Content-"), std::string::npos);
    EXPECT_TRUE(empty.ends_with("Connection: close\r\n\r\n"));
}

TEST(HttpMessage, AHeaderValueCannotBreakItsLine) {
    std::string bytes;
    append_header(bytes, "X", std::string_view("a\r\nSet-Cookie: b\0c", 18));
    EXPECT_EQ(bytes, "X: aSet-Cookie: bc\r\n");
}

TEST(HttpMessage, EveryStatusInUseHasAPhrase) {
    for (int status :
         {101, 200, 204, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 421, 426, 429, 431, 500, 501, 503}) {
        EXPECT_NE(reason_phrase(status), "Unknown") << status;
    }
}

TEST(HttpMessage, AKeptRequestOutlivesWhatItWasReadFrom) {
    std::string bytes = "GET|/sse/p1?cursor=x|Host|localhost|Cookie|";
    const auto view = [&](std::size_t from, std::size_t count) { return std::string_view(bytes).substr(from, count); };
    HttpRequest request;
    request.method = view(0, 3);
    request.target = view(4, 16);
    request.headers = {{view(21, 4), view(26, 9)}, {view(36, 6), {}}};
    request.body = "the body";
    KeptRequest kept(std::move(request));
    bytes.assign(bytes.size(), '#');
    EXPECT_EQ(kept.request().method, "GET");
    EXPECT_EQ(kept.request().query(), "cursor=x");
    EXPECT_EQ(kept.request().header("host"), "localhost");
    EXPECT_TRUE(kept.request().has_header("Cookie"));
    const HttpRequest taken = kept.take();
    EXPECT_EQ(taken.query(), "cursor=x");
    EXPECT_EQ(taken.body, "the body");
}

}  // namespace
}  // namespace mythos::transport
