// POSTs over one keep-alive connection, pipelined as far as the caller likes: answers come in
// the order of the requests (RFC 9112, section 9.3.2). One thread: the loop's.
// Errors: Failure when the connection ends, or an answer is not 2xx.
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "load/event_loop.hpp"

namespace mythos::bench {

class HttpClient final : public Pollable {
public:
    using OnAnswer = std::function<void(std::string_view body)>;

    HttpClient(EventLoop& loop, const sockaddr_in& server, std::string host);
    ~HttpClient() override;
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // Called for each answer; may post again.
    void set_on_answer(OnAnswer on_answer) { on_answer_ = std::move(on_answer); }
    // Queues a request; `flush` sends what is queued in one write.
    void queue_post(std::string_view path, std::string_view body);
    void flush();
    void post(std::string_view path, std::string_view body) { queue_post(path, body), flush(); }
    // Posts and waits, running the loop; gives the body.
    std::string post_and_wait(std::string_view path, std::string_view body, double limit_s);

    std::size_t outstanding() const { return outstanding_; }

    void on_ready(std::uint32_t events) override;

private:
    bool take_answer();
    void watch(bool writing);

    EventLoop& loop_;
    OnAnswer on_answer_;
    std::string host_;
    std::string unsent_;
    std::string received_;
    std::size_t outstanding_ = 0;
    int fd_;
    bool writing_ = false;
};

}  // namespace mythos::bench
