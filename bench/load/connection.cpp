#include "load/connection.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "load/failure.hpp"
#include "load/requests.hpp"

namespace mythos::bench {

void Connection::open(const sockaddr_in& server, in_addr source, std::string request) {
    opened_at_ns_ = now_ns();
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) throw Failure("no descriptor is left: raise the limit or ask for fewer connections");
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // Lets the system choose the port at connect, by the whole four-tuple, so that ports do not run out.
    setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_addr = source;
    if (bind(fd_, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0)
        throw Failure("bind to a source address failed");
    decoder_.reset();
    unsent_ = std::move(request);
    state_ = State::connecting;
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 && errno != EINPROGRESS) {
        throw Failure(std::string("connect failed: ") + std::strerror(errno));
    }
    loop_.add(fd_, *this, EPOLLOUT);
}

void Connection::close() {
    if (fd_ < 0) return;
    loop_.remove(fd_);
    ::close(fd_);
    fd_ = -1;
    state_ = State::closed;
    unsent_.clear();
    gathered_.clear();
}

void Connection::fail(int code) {
    close();
    observer_.on_closed(*this, code);
}

void Connection::on_ready(std::uint32_t events) {
    if (fd_ < 0) return;
    if (state_ == State::connecting) return finish_connect();
    if ((events & EPOLLOUT) != 0) write();
    if (fd_ >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read();
}

void Connection::finish_connect() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(0);
    state_ = State::asking;
    loop_.modify(fd_, *this, EPOLLIN);
    write();
}

void Connection::read() {
    const auto buffer = loop_.read_buffer();
    const std::string_view carry = decoder_.carry();
    if (carry.size() == buffer.size()) throw Failure("the server sent a message longer than the read buffer");
    std::memcpy(buffer.data(), carry.data(), carry.size());
    const ssize_t size = recv(fd_, buffer.data() + carry.size(), buffer.size() - carry.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return fail(0);
    gathering_ = gathers_;
    decoder_.feed(buffer.first(carry.size() + static_cast<std::size_t>(size)), *this);
    gathering_ = false;
    if (fd_ >= 0 && !gathered_.empty()) {
        const std::string frames = std::exchange(gathered_, {});
        send_frames(frames);
    }
}

void Connection::write() {
    if (unsent_.empty()) return;
    const ssize_t size = send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (size < 0 && errno != EAGAIN && errno != EINTR) return fail(0);
    if (size > 0) unsent_.erase(0, static_cast<std::size_t>(size));
    if (unsent_.empty()) unsent_.shrink_to_fit();
    loop_.modify(fd_, *this, unsent_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void Connection::send_text(std::string_view payload) { send_frames(masked_text(payload)); }

void Connection::send_frames(std::string_view frames) {
    if (fd_ < 0) return;
    if (gathering_) {
        gathered_.append(frames);
        return;
    }
    if (unsent_.empty()) {
        const ssize_t size = send(fd_, frames.data(), frames.size(), MSG_NOSIGNAL);
        if (size == static_cast<ssize_t>(frames.size())) return;
        if (size < 0 && errno != EAGAIN && errno != EINTR) return;  // its end shows at the next read
        if (size > 0) frames.remove_prefix(static_cast<std::size_t>(size));
    }
    unsent_.append(frames);
    loop_.modify(fd_, *this, EPOLLIN | EPOLLOUT);
}

bool Connection::on_head(int status) {
    if (status != (wire_ == Wire::websocket ? 101 : 200)) {
        fail(status);
        return false;
    }
    state_ = State::streaming;
    observer_.on_open(*this);
    return true;
}

void Connection::on_ping(std::string_view payload) { send_frames(masked_frame(0xa, payload)); }

}  // namespace mythos::bench
