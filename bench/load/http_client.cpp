#include "load/http_client.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "load/failure.hpp"
#include "load/requests.hpp"
#include "load/stream_decoder.hpp"

namespace mythos::bench {

HttpClient::HttpClient(EventLoop& loop, const sockaddr_in& server, std::string host)
    : loop_(loop), host_(std::move(host)), fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0 || connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) {
        throw Failure("no HTTP connection to the server");
    }
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
    loop_.add(fd_, *this, EPOLLIN);
}

HttpClient::~HttpClient() {
    loop_.remove(fd_);
    close(fd_);
}

void HttpClient::queue_post(std::string_view path, std::string_view body) {
    unsent_ += json_post(host_, path, body);
    ++outstanding_;
}

void HttpClient::flush() {
    const ssize_t size = send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (size < 0 && errno != EAGAIN && errno != EINTR) throw Failure("the server closed the HTTP connection");
    if (size > 0) unsent_.erase(0, static_cast<std::size_t>(size));
    watch(!unsent_.empty());
}

void HttpClient::watch(bool writing) {
    if (writing == writing_) return;
    writing_ = writing;
    loop_.modify(fd_, *this, writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

std::string HttpClient::post_and_wait(std::string_view path, std::string_view body, double limit_s) {
    std::string answer;
    bool answered = false;
    const OnAnswer before = std::exchange(on_answer_, [&](std::string_view text) { answer = text, answered = true; });
    post(path, body);
    if (!loop_.run_until(limit_s, [&] { return answered; })) {
        throw Failure("no answer to POST " + std::string(path.substr(0, path.find('?'))));
    }
    on_answer_ = before;
    return answer;
}

void HttpClient::on_ready(std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) flush();
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    const auto buffer = loop_.read_buffer();
    const ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) throw Failure("the server closed the HTTP connection");
    received_.append(buffer.data(), static_cast<std::size_t>(size));
    while (outstanding_ > 0 && take_answer()) {}
}

bool HttpClient::take_answer() {
    const std::size_t head_end = received_.find("\r\n\r\n");
    if (head_end == std::string::npos) return false;
    const std::string head = received_.substr(0, head_end + 2);
    const std::string length_text = http_header(head, "content-length");
    std::size_t length = 0;
    std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
    if (received_.size() < head_end + 4 + length) return false;
    const std::string body = received_.substr(head_end + 4, length);
    received_.erase(0, head_end + 4 + length);
    --outstanding_;
    const int status = http_status(head);
    if (status < 200 || status > 299) {
        throw Failure("the server answered " + std::to_string(status) + ": " + body.substr(0, 200));
    }
    if (on_answer_) on_answer_(body);
    return true;
}

}  // namespace mythos::bench
