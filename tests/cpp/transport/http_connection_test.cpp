#include "transport/http_connection.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "base/manual_clock.hpp"
#include "transport/client.hpp"

namespace mythos::transport {
namespace {

// Answers with what was asked; `/later` waits until `release`, `/refuse` is answered at its head, `/take` is taken
// over.
class Parrot final : public HttpApplication {
public:
    Verdict head(const HttpConnection&, const HttpRequest& request) override {
        Verdict verdict;
        verdict.body_bytes_max = 8;
        if (request.path() == "/refuse") verdict.answer = text(403, "no");
        return verdict;
    }
    void request(HttpConnection& connection, HttpRequest request) override {
        if (request.path() == "/later") {
            pending.push_back(connection.answer_later());
        } else if (request.path() == "/take") {
            taken = connection.take_over();
        } else if (request.path() == "/large") {
            connection.answer(text(200, std::string(8 << 20, 'x')));
        } else {
            connection.answer(text(200, std::string(request.target) + request.body));
        }
    }
    HttpResponse refuse(int status) override { return text(status, "refused"); }
    void silent() override { ++silences; }

    static HttpResponse text(int status, std::string body) {
        HttpResponse response;
        response.status = status;
        response.body = std::move(body);
        return response;
    }

    std::vector<std::function<void(HttpResponse)>> pending;
    HttpConnection::Taken taken;
    int silences = 0;
};

class HttpConnectionTest : public testing::Test {
protected:
    HttpConnectionTest() {
        auto listener = listen_tcp({});
        client = std::make_unique<TestClient>(local_port(*listener));
        http.open(Socket(accept4(listener->descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)));
    }
    // Two: an answer asks for one more.
    void rounds() {
        for (int i = 0; i < 2; ++i) {
            loop.run_round(clock.mono());
            loop.bury();
        }
    }
    std::string ask(std::string_view request) {
        client->send(request);
        rounds();
        return client->ask("");
    }

    ManualClock clock;
    EventLoop loop{clock};
    Parrot parrot;
    HttpConnections http{loop, parrot, HttpLimits{seconds(10), seconds(30), 1024}};
    std::unique_ptr<TestClient> client;
};

TEST_F(HttpConnectionTest, AnswersOneAfterAnother) {
    EXPECT_EQ(body_of(ask("GET /a HTTP/1.1\r\n\r\n")), "/a");
    EXPECT_EQ(body_of(ask("POST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\n123")), "/b123");
    EXPECT_EQ(http.size(), 1u);
}

TEST_F(HttpConnectionTest, AnswersPipelinedRequestsInTheirOrder) {
    client->send("GET /later HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n\r\nGET /c HTTP/1.1\r\n\r\n");
    rounds();
    ASSERT_EQ(parrot.pending.size(), 1u);
    parrot.pending[0](Parrot::text(200, "first"));
    rounds();
    rounds();
    EXPECT_EQ(body_of(client->ask("")), "first");
    EXPECT_EQ(body_of(client->ask("")), "/b");
    EXPECT_EQ(body_of(client->ask("")), "/c");
}

TEST_F(HttpConnectionTest, ALateAnswerToSomeoneGoneIsDropped) {
    client->send("GET /later HTTP/1.1\r\n\r\n");
    rounds();
    ASSERT_EQ(parrot.pending.size(), 1u);
    client->hang_up_with_reset();
    rounds();
    EXPECT_EQ(http.size(), 0u);
    parrot.pending[0](Parrot::text(200, "first"));
}

TEST_F(HttpConnectionTest, RefusesAtTheHeadAndClosesIfABodyWouldFollow) {
    EXPECT_EQ(status_of(ask("GET /refuse HTTP/1.1\r\n\r\n")), 403);
    EXPECT_EQ(status_of(ask("POST /refuse HTTP/1.1\r\nContent-Length: 5\r\n\r\n")), 403);
    EXPECT_EQ(client->read_all(), "");
    EXPECT_EQ(http.size(), 0u);
}

TEST_F(HttpConnectionTest, RefusesWhatIsTooBigOrNoHttp) {
    EXPECT_EQ(status_of(ask("POST /b HTTP/1.1\r\nContent-Length: 9\r\n\r\n")), 413);
    EXPECT_EQ(client->read_all(), "");
}

TEST_F(HttpConnectionTest, RefusesALargeHead) {
    EXPECT_EQ(status_of(ask("GET /" + std::string(4096, 'x'))), 431);
    EXPECT_EQ(client->read_all(), "");
}

TEST_F(HttpConnectionTest, RefusesWhatIsNoHttp) {
    EXPECT_EQ(status_of(ask("hello\r\n\r\n")), 400);
    EXPECT_EQ(client->read_all(), "");
}

TEST_F(HttpConnectionTest, TellsThoseWhoWaitToSendTheirBody) {
    client->send("POST /b HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    rounds();
    EXPECT_EQ(client->read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(body_of(ask("{}")), "/b{}");
}

TEST_F(HttpConnectionTest, ASlowRequestIsTimedOut) {
    client->send("GET /a HT");
    rounds();
    clock.advance(seconds(9));
    client->send("TP/1.1\r\n");
    rounds();
    clock.advance(seconds(1));
    rounds();
    EXPECT_EQ(status_of(client->ask("")), 408);
    EXPECT_EQ(parrot.silences, 0);
}

TEST_F(HttpConnectionTest, SilenceIsHungUpOn) {
    clock.advance(seconds(10));
    rounds();
    EXPECT_EQ(client->read_all(), "");
    EXPECT_EQ(parrot.silences, 1);
}

TEST_F(HttpConnectionTest, AnIdleConnectionIsKeptForAWhile) {
    ask("GET /a HTTP/1.1\r\n\r\n");
    clock.advance(seconds(29));
    rounds();
    EXPECT_EQ(http.size(), 1u);
    clock.advance(seconds(1));
    rounds();
    EXPECT_EQ(http.size(), 0u);
    EXPECT_EQ(parrot.silences, 0);
}

TEST_F(HttpConnectionTest, ALargeAnswerWaitsForItsReader) {
    client->send("GET /large HTTP/1.1\r\nConnection: close\r\n\r\n");
    rounds();
    std::thread reader([this] { EXPECT_EQ(body_of(client->read_all()).size(), std::size_t{8} << 20); });
    while (http.size() > 0) {
        loop.run_round(clock.mono() + milliseconds(10));
        loop.bury();
    }
    reader.join();
}

TEST_F(HttpConnectionTest, ClosesWhenAskedTo) {
    EXPECT_EQ(body_of(ask("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n")), "/a");
    EXPECT_EQ(client->read_all(), "");
}

TEST_F(HttpConnectionTest, IdleConnectionsCloseAtADrainAndBusyOnesWithTheirAnswer) {
    client->send("GET /later HTTP/1.1\r\n\r\n");
    rounds();
    http.close_all_when_idle();
    EXPECT_EQ(http.size(), 1u);
    parrot.pending.at(0)(Parrot::text(200, "done"));
    rounds();
    EXPECT_EQ(body_of(client->ask("")), "done");
    EXPECT_EQ(http.size(), 0u);
}

TEST_F(HttpConnectionTest, GivesTheSocketAwayWithWhatWasRead) {
    client->send("GET /take HTTP/1.1\r\n\r\nother protocol");
    rounds();
    EXPECT_TRUE(parrot.taken.socket.is_open());
    EXPECT_EQ(parrot.taken.unread, "other protocol");
    EXPECT_EQ(http.size(), 0u);
}

}  // namespace
}  // namespace mythos::transport
