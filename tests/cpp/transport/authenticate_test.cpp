#include "transport/authenticate.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mythos::transport {
namespace {

TEST(Authenticate, WithoutItWhoeverNamesAPlayerIsThatPlayer) {
    const Authenticate authenticate = authenticate_none();
    Credentials credentials;
    credentials.named_player = "p1";
    credentials.bearer = "ignored";
    EXPECT_EQ(authenticate(credentials).value(), "p1");
    EXPECT_EQ(authenticate(Credentials{}).error().code, "bad_name");
}

TEST(Authenticate, AnApplicationGetsWhatTheRequestShows) {
    Credentials credentials;
    credentials.named_player = "p1";
    credentials.authorization = "bearer abc";
    credentials.cookie = "a=\xff";
    const auto shown = nlohmann::json::parse(credentials_json(credentials));
    EXPECT_EQ(shown["player_id"], "p1");
    EXPECT_EQ(shown["authorization"], "bearer abc");
    EXPECT_EQ(shown["token"], "abc");
    EXPECT_EQ(shown["cookie"], "a=\xef\xbf\xbd");
    EXPECT_TRUE(shown["ticket"].is_null());
    credentials.bearer = "of the subprotocol";
    EXPECT_EQ(nlohmann::json::parse(credentials_json(credentials))["token"], "of the subprotocol");
    credentials = {};
    credentials.authorization = "Basic abc";
    EXPECT_TRUE(nlohmann::json::parse(credentials_json(credentials))["token"].is_null());
}

TEST(Authenticate, AnApplicationsAnswerIsAPlayerOrAnError) {
    hub::HandlerAnswer answer;
    answer.data = R"("p1")";
    EXPECT_EQ(caller_from(answer)->player_id, "p1");
    EXPECT_EQ(player_of(caller_from(answer)).value(), "p1");
    for (const char* none : {"", "null", "1", "true", "{}", R"("")", R"("no name")", R"({"player":"p1"})",
                             R"({"application":false})", R"({"application":true,"player":"p1"})"}) {
        answer.data = none;
        EXPECT_EQ(caller_from(answer).error().code, "handler_failed") << none;
    }
    answer.kind = hub::HandlerAnswer::Kind::failed;
    answer.error = {"unauthorised", "no"};
    EXPECT_EQ(caller_from(answer).error().code, "unauthorised");
    EXPECT_EQ(player_of(caller_from(answer)).error().code, "unauthorised");
}

TEST(Authenticate, TheApplicationItselfIsNoPlayer) {
    hub::HandlerAnswer answer;
    answer.data = R"({"application":true})";
    EXPECT_TRUE(caller_from(answer)->is_application());
    EXPECT_EQ(player_of(caller_from(answer)).error().code, "forbidden");
}

}  // namespace
}  // namespace mythos::transport
