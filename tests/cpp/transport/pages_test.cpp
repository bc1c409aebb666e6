#include "transport/pages.hpp"

#include <gtest/gtest.h>

#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

class PagesTest : public testing::Test {
protected:
    std::string ask(const std::string& path, const std::string& headers) { return client.get(path, headers); }

    ServedLoop server;
    TestClient client{server.port()};
};

TEST_F(PagesTest, ABrowserGetsThePageAndEverybodyElseTheText) {
    const std::string page = ask("/", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n");
    EXPECT_NE(page.find("text/html"), std::string::npos);
    EXPECT_NE(page.find("Content-Security-Policy: default-src 'none'; script-src 'self'"), std::string::npos);
    EXPECT_NE(page.find("Accept, Accept-Encoding\r\n"), std::string::npos);
    EXPECT_NE(page.find("Cache-Control: no-cache"), std::string::npos);
    EXPECT_EQ(page.find("no-store"), std::string::npos);
    EXPECT_NE(body_of(page).find("/assets/dashboard.js"), std::string::npos);
    for (const char* accept : {"", "Accept: */*\r\n", "Accept: text/plain\r\n"}) {
        const std::string text = ask("/", accept);
        EXPECT_NE(text.find("text/plain"), std::string::npos);
        EXPECT_NE(body_of(text).find("/api/publish"), std::string::npos);
    }
}

TEST_F(PagesTest, WhatPagesLoadIsThere) {
    EXPECT_NE(body_of(ask("/game", "")).find("/assets/game.js"), std::string::npos);
    for (const auto& [file, type] : {std::pair{"dashboard.js", "text/javascript"},
                                     {"dashboard.css", "text/css"},
                                     {"game.js", "text/javascript"},
                                     {"game.css", "text/css"},
                                     {"icon.svg", "image/svg+xml"}}) {
        const std::string answer = ask(std::string("/assets/") + file, "");
        EXPECT_EQ(status_of(answer), 200) << file;
        EXPECT_NE(answer.find(type), std::string::npos) << file;
    }
    EXPECT_EQ(status_of(ask("/assets/secrets.js", "")), 404);
    EXPECT_EQ(status_of(ask("/assets/..%2Findex.html", "")), 404);
    EXPECT_EQ(status_of(ask("/assets/", "")), 404);
}

TEST_F(PagesTest, AreCompressedWhereThatIsAcceptedAndNotSentTwice) {
    const std::string plain = ask("/assets/dashboard.js", "");
    const std::string gzip = ask("/assets/dashboard.js", "Accept-Encoding: br, gzip\r\n");
    EXPECT_NE(gzip.find("Content-Encoding: gzip"), std::string::npos);
    EXPECT_TRUE(body_of(gzip).starts_with("\x1f\x8b"));
    EXPECT_EQ(plain.find("Content-Encoding"), std::string::npos);
    const std::size_t at = plain.find("ETag: ") + 6;
    const std::string etag = plain.substr(at, plain.find('\r', at) - at);
    const std::string same = ask("/assets/dashboard.js", "If-None-Match: " + etag + "\r\n");
    EXPECT_EQ(status_of(same), 304);
    EXPECT_EQ(body_of(same), "");
    EXPECT_EQ(status_of(ask("/assets/dashboard.js", "If-None-Match: \"0\"\r\n")), 200);
}

}  // namespace
}  // namespace mythos::transport
