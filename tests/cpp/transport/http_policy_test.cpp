#include "transport/http_policy.hpp"

#include <gtest/gtest.h>

namespace mythos::transport {
namespace {

HttpRequest request_with(std::string_view host, std::string_view origin) {
    HttpRequest request;
    request.method = "GET";
    request.headers = {{"Host", host}};
    if (!origin.empty()) request.headers.emplace_back("origin", origin);
    return request;
}

std::string value_of(const HttpHeaders& headers, std::string_view name) {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return "";
}

TEST(HttpPolicy, NoOriginAndTheOwnOneAreAllowed) {
    const HttpPolicy policy;
    EXPECT_TRUE(is_origin_allowed(policy, "", "127.0.0.1:8000"));
    EXPECT_TRUE(is_origin_allowed(policy, "http://127.0.0.1:8000", "127.0.0.1:8000"));
    EXPECT_TRUE(is_origin_allowed(policy, "http://localhost", "localhost:80"));
    EXPECT_TRUE(is_origin_allowed(policy, "http://LOCALHOST:80", "localhost"));
    EXPECT_TRUE(is_origin_allowed(policy, "http://[::1]:8000", "[::1]:8000"));
    EXPECT_TRUE(is_origin_allowed(policy, "http://[::1]", "[::1]"));
    // Behind a proxy that ends TLS.
    EXPECT_TRUE(is_origin_allowed(policy, "https://game.example", "game.example"));
    EXPECT_TRUE(is_origin_allowed(policy, "https://game.example", "game.example:443"));
    EXPECT_TRUE(is_origin_allowed(policy, "https://game.example:8443", "game.example:8443"));
}

TEST(HttpPolicy, AnotherOriginIsNot) {
    const HttpPolicy policy;
    for (const char* origin :
         {"http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:8001", "ftp://127.0.0.1:8000",
          "http://127.0.0.1", "http://localhost:8000", "127.0.0.1:8000", "http://"}) {
        EXPECT_FALSE(is_origin_allowed(policy, origin, "127.0.0.1:8000")) << origin;
    }
    EXPECT_FALSE(is_origin_allowed(policy, "http://", ""));
    EXPECT_FALSE(is_origin_allowed(policy, "https://game.example", "game.example:80"));
}

TEST(HttpPolicy, ListedOriginsAreAllowed) {
    HttpPolicy policy;
    policy.origins = {"https://game.example"};
    EXPECT_TRUE(is_origin_allowed(policy, "https://game.example", "127.0.0.1"));
    EXPECT_FALSE(is_origin_allowed(policy, "http://game.example", "127.0.0.1"));
    EXPECT_FALSE(is_origin_allowed(policy, "https://game.example.evil.example", "127.0.0.1"));
    EXPECT_FALSE(is_origin_allowed(policy, "null", "127.0.0.1"));
    policy.origins = {"*"};
    EXPECT_TRUE(is_origin_allowed(policy, "https://any.example", "127.0.0.1"));
}

TEST(HttpPolicy, HostMustBeLocalWithoutAuthentication) {
    HttpPolicy policy;
    for (const char* host : {"127.0.0.1", "127.0.0.1:8000", "127.9.9.9", "localhost", "LocalHost:1", "a.localhost",
                             "localhost.", "localhost.:1", "[::1]", "[::1]:8000"}) {
        EXPECT_TRUE(is_host_allowed(policy, host)) << host;
    }
    for (const char* host : {"", "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1",
                             "localhost.evil.example", "[::2]", "[::1", ":8000", "127.evil", ".", "localhost.."}) {
        EXPECT_FALSE(is_host_allowed(policy, host)) << host;
    }
    policy.allowed_hosts = {"game.example"};
    EXPECT_TRUE(is_host_allowed(policy, "GAME.example:443"));
    EXPECT_FALSE(is_host_allowed(policy, "other.example"));
    policy.host_must_be_local = false;
    EXPECT_TRUE(is_host_allowed(policy, "other.example"));
}

TEST(HttpPolicy, CorsNamesTheOriginAndVaries) {
    HttpPolicy policy;
    policy.origins = {"https://game.example"};
    const auto allowed = cors_headers(policy, request_with("localhost", "https://game.example"));
    EXPECT_EQ(value_of(allowed, "Access-Control-Allow-Origin"), "https://game.example");
    EXPECT_EQ(value_of(allowed, "Access-Control-Allow-Credentials"), "true");
    EXPECT_EQ(value_of(allowed, "Vary"), "Origin");
    for (const char* origin : {"", "https://evil.example"}) {
        const auto others = cors_headers(policy, request_with("localhost", origin));
        EXPECT_EQ(value_of(others, "Access-Control-Allow-Origin"), "");
        EXPECT_EQ(value_of(others, "Vary"), "Origin");
    }
}

TEST(HttpPolicy, AWildcardGivesNoCredentials) {
    HttpPolicy policy;
    policy.origins = {"*", "https://game.example"};
    const auto any = cors_headers(policy, request_with("localhost", "https://any.example"));
    EXPECT_EQ(value_of(any, "Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(value_of(any, "Access-Control-Allow-Credentials"), "");
    for (const char* origin : {"https://game.example", "http://localhost"}) {
        const auto known = cors_headers(policy, request_with("localhost", origin));
        EXPECT_EQ(value_of(known, "Access-Control-Allow-Origin"), origin);
        EXPECT_EQ(value_of(known, "Access-Control-Allow-Credentials"), "true");
    }
    const auto odd = cors_headers(policy, request_with("localhost", "*"));
    EXPECT_EQ(value_of(odd, "Access-Control-Allow-Credentials"), "");
}

TEST(HttpPolicy, APreflightNamesMethodsAndHeaders) {
    HttpPolicy policy;
    policy.origins = {"https://game.example"};
    const auto answer = preflight_answer(policy, request_with("localhost", "https://game.example"), "POST, OPTIONS");
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(value_of(answer.headers, "Access-Control-Allow-Origin"), "https://game.example");
    EXPECT_EQ(value_of(answer.headers, "Access-Control-Allow-Methods"), "POST, OPTIONS");
    EXPECT_NE(value_of(answer.headers, "Access-Control-Allow-Headers").find("Content-Type"), std::string::npos);
    const auto plain = preflight_answer(policy, request_with("localhost", ""), "POST, OPTIONS");
    EXPECT_EQ(value_of(plain.headers, "Access-Control-Allow-Methods"), "");
    EXPECT_EQ(value_of(plain.headers, "Allow"), "POST, OPTIONS");
}

TEST(HttpPolicyTest, WhatAnAnswerVariesByIsOneList) {
    HttpResponse negotiated, plain;
    negotiated.headers = {{"Retry-After", "1"}, {"Vary", "Accept"}};
    add_cors(negotiated, {{"Vary", "Origin"}, {"Access-Control-Allow-Origin", "*"}});
    EXPECT_EQ(negotiated.headers,
              (HttpHeaders{{"Retry-After", "1"}, {"Vary", "Origin, Accept"}, {"Access-Control-Allow-Origin", "*"}}));
    add_cors(plain, {{"Vary", "Origin"}});
    EXPECT_EQ(plain.headers, (HttpHeaders{{"Vary", "Origin"}}));
}

}  // namespace
}  // namespace mythos::transport
