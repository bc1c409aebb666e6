#include "transport/connect_request.hpp"
#include "base/limits.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mythos::transport {
namespace {

using protocol::Mode;
using protocol::Wire;

Result<hub::ConnectRequest> read(std::string_view target, std::string_view player = "p1",
                                 std::vector<std::pair<std::string_view, std::string_view>> headers = {},
                                 const Authenticate& authenticate = authenticate_none()) {
    HttpRequest request;
    request.method = "GET";
    request.target = target;
    request.headers = std::move(headers);
    return read_connect_request(request, Wire::sse, player, Mode::mirror, authenticate);
}

TEST(ConnectRequest, ReadsWhatIsNamed) {
    const auto request = read("/sse/p1?session_id=s-1&client_id=tab%3A1&cursor=k3f9-1042&mode=standby");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->player_id, "p1");
    EXPECT_EQ(request->session_id, "s-1");
    EXPECT_EQ(request->client_id, "tab:1");
    EXPECT_EQ(request->cursor, "k3f9-1042");
    EXPECT_EQ(request->mode, Mode::standby);
    EXPECT_EQ(request->wire, Wire::sse);
}

TEST(ConnectRequest, NamesNothingByDefault) {
    const auto request = read("/sse/p1?cursor=");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->session_id, "");
    EXPECT_FALSE(request->cursor);
    EXPECT_EQ(request->mode, Mode::mirror);
}

TEST(ConnectRequest, TakesThePlayerFromTheQueryWhereThePathNamesNone) {
    EXPECT_EQ(read("/api/events?player_id=p2", "")->player_id, "p2");
    EXPECT_EQ(read("/sse/p1?player_id=p2")->player_id, "p1");
    EXPECT_EQ(read("/api/events", "").error().code, "bad_name");
}

TEST(ConnectRequest, LastEventIdWinsOverTheQuery) {
    EXPECT_EQ(read("/sse/p1?cursor=a-1", "p1", {{"Last-Event-ID", "a-9"}})->cursor, "a-9");
    EXPECT_EQ(read("/sse/p1?cursor=a-1", "p1", {{"Last-Event-ID", "yesterday"}}).error().code, "bad_cursor");
    EXPECT_EQ(read("/sse/p1?cursor=yesterday", "p1", {{"Last-Event-ID", "a-9"}})->cursor, "a-9");
}

TEST(ConnectRequest, RefusesWhatCannotBeRead) {
    EXPECT_EQ(read("/sse/p1?cursor=yesterday").error().code, "bad_cursor");
    EXPECT_EQ(read("/sse/p1?cursor=a-01").error().code, "bad_cursor");
    EXPECT_EQ(read("/sse/x", "a b").error().code, "bad_name");
    EXPECT_EQ(read("/sse/p1?session_id=a%20b").error().code, "bad_name");
    EXPECT_EQ(read("/sse/p1?client_id=%3Cscript%3E").error().code, "bad_name");
    EXPECT_EQ(read("/sse/x", std::string(kNameBytesMax + 1, 'x')).error().code, "bad_name");
    EXPECT_EQ(read("/sse/p1?mode=both").error().code, "bad_request");
    EXPECT_EQ(read("/sse/p1?mode=%").error().code, "bad_request");
}

TEST(ConnectRequest, HandsAllCredentialsToAuthentication) {
    Credentials seen;
    std::string bearer, ticket;
    const Authenticate refuse = [&](const Credentials& credentials) -> Result<std::string> {
        bearer = credentials.bearer;
        ticket = credentials.ticket;
        EXPECT_EQ(credentials.named_player, "p1");
        EXPECT_EQ(credentials.authorization, "Bearer x");
        EXPECT_EQ(credentials.cookie, "a=b");
        return Error{"unauthorised", "No."};
    };
    const auto refused =
        read("/sse/p1?ticket=t1", "p1",
             {{"Authorization", "Bearer x"}, {"Cookie", "a=b"}, {"Sec-WebSocket-Protocol", "mythos.v1, bearer, jwt"}},
             refuse);
    EXPECT_EQ(refused.error().code, "unauthorised");
    EXPECT_EQ(bearer, "jwt");
    EXPECT_EQ(ticket, "t1");
}

TEST(ConnectRequest, ShowsCredentialsToAnApplication) {
    HttpRequest request;
    request.method = "GET";
    request.target = "/api/events?player_id=p1&ticket=t1";
    request.headers = {{"Authorization", "Bearer x"}};
    const auto shown = nlohmann::json::parse(read_credentials(request, "").value());
    EXPECT_EQ(shown["player_id"], "p1");
    EXPECT_EQ(shown["ticket"], "t1");
    EXPECT_EQ(shown["token"], "x");
    EXPECT_EQ(read_credentials(request, "a b").error().code, "bad_name");
    request.target = "/api/events?player_id=%";
    EXPECT_EQ(read_credentials(request, "").error().code, "bad_request");
}

}  // namespace
}  // namespace mythos::transport
