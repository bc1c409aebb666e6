// One socket that speaks HTTP/1.1, until it hangs up or becomes a WebSocket or an event stream.
//
// Requests are answered in their order; a pipelined one waits in the socket until the answer before it is written.
// A request must be whole, and its answer read, within a time (slow loris); an idle connection is kept for another.
// Thread-safety: the loop's own thread. Ownership: the loop owns the connection; while a request is being handled,
// others name it by `id()`, through HttpConnections, because it may be gone when the answer comes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "transport/event_loop.hpp"
#include "transport/http_message.hpp"
#include "transport/http_parser.hpp"

namespace mythos::transport {

class HttpConnection;

struct HttpLimits {
    Duration request_timeout = seconds(10);     // from a request's first byte to its last
    Duration keep_alive_timeout = seconds(30);  // without a request
    std::size_t head_bytes_max = 16 * 1024;
};

// What stands behind the connections: routes, or an echo.
class HttpApplication {
public:
    virtual ~HttpApplication() = default;

    struct Verdict {
        std::optional<HttpResponse> answer;  // already now, without the body
        std::size_t body_bytes_max = 0;
    };
    // The head of a request is there.
    virtual Verdict head(const HttpConnection& connection, const HttpRequest& request) = 0;
    // A whole request. Call `connection.answer`, or take the socket over, from within or later.
    virtual void request(HttpConnection& connection, HttpRequest request) = 0;
    // What could not be made a request of: 400, 408, 413, 431, 501.
    virtual HttpResponse refuse(int status) = 0;
    // A connection that was opened and never said anything.
    virtual void silent() {}
    // A request was answered, that many later; `label` as `HttpConnection::set_label` said, kNoLabel else.
    virtual void answered(int /*label*/, bool /*head*/, Duration /*took*/) {}
};

// The connections of a loop that speak HTTP just now, by id.
class HttpConnections {
public:
    HttpConnections(EventLoop& loop, HttpApplication& application, HttpLimits limits)
        : loop_(loop), application_(application), limits_(limits) {}

    void open(Socket socket);
    // Answers if the connection is still there.
    void answer(std::uint64_t id, HttpResponse response);
    // One that handles a request, or null.
    HttpConnection* find_handling(std::uint64_t id) const;
    // Hangs up on those that wait for another request.
    void close_idle();
    // From now on connections end with the answer under way; idle ones at once.
    void close_all_when_idle();
    void set_limits(const HttpLimits& limits) { limits_ = limits; }
    const HttpLimits& limits() const { return limits_; }
    std::size_t size() const { return open_.size(); }
    // Those that have not said anything yet.
    std::size_t silent() const;
    bool closing() const { return closing_; }

private:
    friend class HttpConnection;
    EventLoop& loop_;
    HttpApplication& application_;
    HttpLimits limits_;
    std::unordered_map<std::uint64_t, HttpConnection*> open_;
    std::uint64_t last_id_ = 0;
    bool closing_ = false;
};

class HttpConnection final : public Watcher {
public:
    HttpConnection(EventLoop& loop, HttpConnections& all, Socket socket, std::uint64_t id);

    std::uint64_t id() const { return id_; }

    // When the request being handled was there, or its head.
    MonoTime asked_at() const { return asked_at_; }
    // What it is, for whoever counts.
    static constexpr int kNoLabel = -1;
    void set_label(int label) { label_ = label; }

    // The answer to the request being handled; exactly one.
    void answer(HttpResponse response);
    // The same for later, when the connection may be gone. Called on the loop's thread.
    std::function<void(HttpResponse)> answer_later();

    // The connection, later, if it is still there with this request; else null.
    std::function<HttpConnection*()> still_handling();

    // The socket and the bytes behind the request become someone else's; register them with `adopt_inherited`.
    struct Taken {
        Socket socket;
        std::string unread;
    };
    Taken take_over();

    void ready(std::uint32_t events) override;
    void resume() override { pump(); }
    void expired() override;
    void failed() override { hang_up(); }

private:
    friend class HttpConnections;
    enum class State : std::uint8_t { reading, handling, writing, gone };

    bool is_idle() const { return state_ == State::reading && parser_ == nullptr && was_used_; }
    void pump();
    bool read_once();
    bool parse();
    void on_head();
    void on_request();
    void fail(int status);
    void send(const HttpResponse& response);
    void flush();
    void after_answer();
    void hang_up();

    HttpConnections& all_;
    std::uint64_t id_;
    std::string in_;
    std::string out_;
    std::size_t out_sent_ = 0;
    std::unique_ptr<HttpParser> parser_;
    State state_ = State::reading;
    MonoTime asked_at_{};
    int label_ = kNoLabel;
    bool keep_alive_ = true;
    bool head_only_ = false;
    bool was_used_ = false;
    bool drained_ = false;      // the socket was read empty, and nothing was told of since
    bool unread_body_ = false;  // the peer may still be sending what nobody will read
};

}  // namespace mythos::transport
