#include "protocol/ws_extension.hpp"

#include <gtest/gtest.h>

namespace mythos::protocol {
namespace {

// The answer's text; empty where the offer is declined.
std::string answer(std::string_view offers, const WsDeflatePolicy& policy = {}) {
    const auto agreement = negotiate_ws_deflate(offers, policy);
    return agreement ? ws_deflate_answer(*agreement) : "";
}

constexpr std::string_view kAlone = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

TEST(WsExtension, ReadsListsParametersAndQuotedValues) {
    const auto read = parse_ws_extensions(R"( foo , ,Bar;a;B="x\y" ; c = d,baz;q="1")");
    ASSERT_TRUE(read.ok());
    ASSERT_EQ(read->size(), 3u);
    EXPECT_EQ((*read)[0].name, "foo");
    EXPECT_EQ((*read)[1].name, "bar");
    ASSERT_EQ((*read)[1].parameters.size(), 3u);
    EXPECT_EQ((*read)[1].parameters[0].value, std::nullopt);
    EXPECT_EQ((*read)[1].parameters[1].name, "b");
    EXPECT_EQ((*read)[1].parameters[1].value, "xy");
    EXPECT_EQ((*read)[1].parameters[2].value, "d");
    EXPECT_EQ((*read)[2].parameters[0].value, "1");
    EXPECT_TRUE(parse_ws_extensions("").ok());
}

TEST(WsExtension, RefusesWhatDoesNotMatchTheGrammar) {
    for (std::string_view bad :
         {"foo bar", "foo;", "foo; =x", "foo; a=", "foo; a=\"", "foo; a=\"x", "foo; a=\"\"", "foo; a=\"x y\"",
          "foo; a=\"x,y\"", "foo; a=\"x\\", "foo; a=\"x\"y", ";", "=", "f\x01o", "foo; a=b=c", "(foo)"}) {
        EXPECT_FALSE(parse_ws_extensions(bad).ok()) << bad;
        EXPECT_EQ(answer(std::string("permessage-deflate, ") += bad), "") << bad;
    }
}

TEST(WsExtension, AnswersWithoutContextByDefault) {
    EXPECT_EQ(answer("permessage-deflate"), kAlone);
    EXPECT_EQ(answer("permessage-deflate; client_max_window_bits"), kAlone);  // browsers
    EXPECT_EQ(answer("permessage-deflate; client_max_window_bits=10; server_no_context_takeover"), kAlone);
    EXPECT_EQ(answer("x-webkit-deflate-frame, PerMessage-Deflate;client_max_window_bits=\"15\""), kAlone);
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=15"),
              std::string(kAlone) + "; server_max_window_bits=15");
}

TEST(WsExtension, DeclinesASmallerServerWindowAndTakesTheNextOffer) {
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=14"), "");
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=10, permessage-deflate"), kAlone);
}

TEST(WsExtension, DeclinesRepeatedUnknownAndIllValuedParameters) {
    for (std::string_view bad :
         {"server_no_context_takeover; server_no_context_takeover",
          "client_no_context_takeover; client_no_context_takeover",
          "server_max_window_bits=15; server_max_window_bits=15", "client_max_window_bits; client_max_window_bits=15",
          "server_no_context_takeover=1", "client_no_context_takeover=\"true\"", "server_max_window_bits",
          "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=015",
          "server_max_window_bits=1", "client_max_window_bits=0", "client_max_window_bits=08",
          "client_max_window_bits=1x", "unknown", "unknown=1"}) {
        const std::string offer = std::string("permessage-deflate; ") += bad;
        EXPECT_EQ(answer(offer, WsDeflatePolicy::any()), "") << bad;
        EXPECT_EQ(answer(offer + ", permessage-deflate"), kAlone) << bad;
    }
}

TEST(WsExtension, EchoAgreesToEverythingThatZlibCanDo) {
    const WsDeflatePolicy any = WsDeflatePolicy::any();
    EXPECT_EQ(answer("permessage-deflate", any), "permessage-deflate");
    EXPECT_EQ(answer("permessage-deflate; server_no_context_takeover", any),
              "permessage-deflate; server_no_context_takeover");
    EXPECT_EQ(answer("permessage-deflate; client_no_context_takeover", any),
              "permessage-deflate; client_no_context_takeover");
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=9", any),
              "permessage-deflate; server_max_window_bits=9");
    // zlib cannot compress with a window of 8 bits.
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=8", any), "");
}

TEST(WsExtension, ClientReadsTheAnswer) {
    EXPECT_EQ(read_ws_deflate_answer("").value(), std::nullopt);
    const auto agreed = negotiate_ws_deflate(ws_deflate_offer());
    ASSERT_TRUE(agreed);
    EXPECT_EQ(read_ws_deflate_answer(ws_deflate_answer(*agreed)).value(), agreed);
    EXPECT_EQ(read_ws_deflate_answer("permessage-deflate; server_max_window_bits=10").value(),
              (WsDeflateAgreement{false, false, 10}));
    for (std::string_view bad : {"foo", "permessage-deflate, permessage-deflate", "permessage-deflate; x",
                                 "permessage-deflate; client_max_window_bits=10", "permessage-deflate;"}) {
        EXPECT_EQ(read_ws_deflate_answer(bad).error().code, "bad_extensions") << bad;
    }
}

}  // namespace
}  // namespace mythos::protocol
