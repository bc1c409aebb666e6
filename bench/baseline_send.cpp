// bench_baseline_send: the limit that fan-out is compared with. It gives every connection the
// same bytes with one bare send(2) a round, from one thread, and does nothing else: no routing,
// no cursors, no checks, no memory of what it sent. Messages that arrive together (a batch, or
// pipelined POSTs) leave in one send, as 16 joined messages do in "one send of 16".
//
// It speaks just enough of the plain dialect to be loaded by the same load generator as the
// server: upgrades, SSE requests and POST /api/publish. Its frames have the size and the shape
// of the server's. A connection that was upgraded is never read again.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <csignal>
#include <iostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "load/requests.hpp"

namespace {

using mythos::bench::kNumberDigits;

constexpr std::string_view kUpgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: 9dM0RJBFNLVpKRcdfEq0K3VG0tE=\r\n\r\n";
constexpr std::string_view kStreaming =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\n\r\n";
constexpr std::string_view kPublished =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

std::string websocket_frame(std::string_view text) {
    std::string frame("\x81");
    if (text.size() < 126) {
        frame.push_back(static_cast<char>(text.size()));
    } else if (text.size() < 65536) {
        frame.push_back(126);
        frame.push_back(static_cast<char>(text.size() >> 8));
        frame.push_back(static_cast<char>(text.size() & 0xff));
    } else {
        frame.push_back(127);
        for (int shift = 56; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(text.size() >> shift & 0xff));
    }
    return frame.append(text);
}

class SendLoop {
public:
    explicit SendLoop(int listener) : epoll_fd_(epoll_create1(0)), listener_(listener) { watch(listener_); }

    [[noreturn]] void run() {
        std::array<epoll_event, 256> events;
        for (;;) {
            const int ready = epoll_wait(epoll_fd_, events.data(), events.size(), -1);
            for (int i = 0; i < ready; ++i) {
                if (events[i].data.fd == listener_) {
                    accept_all();
                } else {
                    read_requests(events[i].data.fd);
                }
            }
        }
    }

private:
    void watch(int fd) const {
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
    }

    void accept_all() {
        for (int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); fd >= 0;
             fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) {
            const int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            watch(fd);
        }
    }

    void read_requests(int fd) {
        std::array<char, 65536> bytes;
        const ssize_t size = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (size <= 0) {
            requests_.erase(fd);
            close(fd);
            return;
        }
        std::string& pending = requests_[fd];
        pending.append(bytes.data(), static_cast<std::size_t>(size));
        if (pending.starts_with("GET ")) {
            if (pending.ends_with("\r\n\r\n")) become_receiver(fd, pending.starts_with("GET /sse/"));
            return;
        }
        publish_all(fd, pending);
    }

    void become_receiver(int fd, bool sse) {
        send_all(fd, sse ? kStreaming : kUpgraded);
        epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
        requests_.erase(fd);
        (sse ? sse_ : websockets_).push_back(fd);
    }

    // Takes each whole POST from `pending`, sends what they bring in one round, then answers.
    void publish_all(int publisher, std::string& pending) {
        std::vector<std::uint64_t> numbers;
        std::string answers;
        for (std::size_t head = pending.find("\r\n\r\n"); head != std::string::npos; head = pending.find("\r\n\r\n")) {
            constexpr std::string_view kLength = "Content-Length: ";
            const std::size_t at = pending.find(kLength) + kLength.size();
            std::size_t length = 0;
            std::from_chars(pending.data() + at, pending.data() + head, length);
            if (pending.size() < head + 4 + length) break;
            const std::string body = pending.substr(head + 4, length);
            pending.erase(0, head + 4 + length);
            read_numbers(body, numbers);
            answers += kPublished;
        }
        if (!numbers.empty()) fan_out(numbers);
        send_all(publisher, answers);
    }

    void read_numbers(const std::string& body, std::vector<std::uint64_t>& numbers) {
        constexpr std::string_view kNumber = R"({"n":")";
        for (std::size_t at = body.find(kNumber); at != std::string::npos; at = body.find(kNumber, at + 1)) {
            std::uint64_t number = 0;
            const char* digits = body.data() + at + kNumber.size();
            std::from_chars(digits, digits + kNumberDigits, number);
            numbers.push_back(number);
            data_bytes_ = body.find('}', at) + 1 - at;
        }
    }

    void fan_out(const std::vector<std::uint64_t>& numbers) {
        std::string frames;
        std::string blocks;
        for (const std::uint64_t number : numbers) {
            const std::string id = "b3nc-" + std::to_string(number + 1);
            const std::string json = R"({"id":")" + id +
                                     R"(","type":"bench.said","channel":"bench:fanout","ts":1764000000.123,"data":)" +
                                     mythos::bench::benchmark_data(number, data_bytes_) + "}";
            frames += websocket_frame(json);
            blocks += "id: " + id + "\ndata: " + json + "\n\n";
        }
        for (const int fd : websockets_) send_all(fd, frames);
        for (const int fd : sse_) send_all(fd, blocks);
    }

    // The sockets block, and the closed loop never fills them: this is one system call.
    static void send_all(int fd, std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    int epoll_fd_;
    int listener_;
    std::size_t data_bytes_ = 0;
    std::vector<int> websockets_;
    std::vector<int> sse_;
    std::unordered_map<int, std::string> requests_;
};

int listen_on(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, SOMAXCONN) != 0) return -1;
    return fd;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint16_t port = 0;
    CLI::App app{"Sends the same bytes to every connection with bare send(2)."};
    app.add_option("--port", port, "where to listen on 127.0.0.1")->required();
    CLI11_PARSE(app, argc, argv);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int listener = listen_on(port);
    if (listener < 0) {
        std::cerr << "bench_baseline_send: cannot listen on port " << port << "\n";
        return 1;
    }
    SendLoop(listener).run();
}
