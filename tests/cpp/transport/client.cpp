#include "transport/client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "protocol/ws_frame.hpp"

namespace mythos::transport {
namespace {

constexpr timeval kPatience{10, 0};

std::size_t content_length(const std::string& head) {
    const std::size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

}  // namespace

TestClient::TestClient(std::uint16_t port) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("the test's client cannot connect");
    }
}

TestClient::~TestClient() {
    if (descriptor_ >= 0) close(descriptor_);
}

void TestClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // the server has hung up; the reader of the answer will notice
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool TestClient::receive() {
    std::array<char, 65536> part;
    const ssize_t count = recv(descriptor_, part.data(), part.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("nothing came in time");
    if (count <= 0) return false;
    buffer_.append(part.data(), static_cast<std::size_t>(count));
    return true;
}

std::string TestClient::read_until(std::string_view end) {
    std::size_t found;
    while ((found = buffer_.find(end)) == std::string::npos) {
        if (!receive()) throw std::runtime_error("hung up before '" + std::string(end) + "': " + buffer_);
    }
    return read_bytes(found + end.size());
}

std::string TestClient::read_bytes(std::size_t count) {
    while (buffer_.size() < count) {
        if (!receive()) throw std::runtime_error("hung up after " + std::to_string(buffer_.size()) + " bytes");
    }
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
}

std::string TestClient::read_all() {
    while (receive()) {}
    return std::exchange(buffer_, {});
}

std::string TestClient::ask(std::string_view request) {
    send(request);
    return read_answer();
}

std::string TestClient::read_answer() {
    const std::string head = read_until("\r\n\r\n");
    return head + read_bytes(content_length(head));
}

std::string TestClient::get(std::string_view path, std::string_view headers) {
    return ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n");
}

std::string TestClient::post(std::string_view path, std::string_view body, std::string_view headers) {
    send_post(path, body, headers);
    return read_answer();
}

void TestClient::send_post(std::string_view path, std::string_view body, std::string_view headers) {
    send("POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" + std::string(body));
}

std::string TestClient::upgrade(std::string_view path, std::string_view headers) {
    return get(path,
               "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                   std::string(headers));
}

std::string TestClient::frame() {
    protocol::WsParsedHeader parsed;
    while ((parsed = protocol::parse_ws_header(buffer_)).size == 0) {
        if (!receive()) throw std::runtime_error("hung up before a frame");
    }
    const std::string bytes = read_bytes(parsed.size + parsed.header.payload_bytes);
    return bytes.front() + bytes.substr(parsed.size);
}

void TestClient::send_text(std::string_view payload) {
    std::string bytes;
    protocol::append_masked_ws_frame(bytes, protocol::WsOpcode::text, payload, {1, 2, 3, 4});
    send(bytes);
}

void TestClient::hang_up_with_reset() {
    const linger now{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(descriptor_);
    descriptor_ = -1;
}

void TestClient::shut_down_writing() { shutdown(descriptor_, SHUT_WR); }

int status_of(std::string_view answer) {
    if (!answer.starts_with("HTTP/1.1 ")) return 0;
    return std::atoi(std::string(answer.substr(9, 3)).c_str());
}

std::string body_of(std::string_view answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string_view::npos ? std::string{} : std::string(answer.substr(end + 4));
}

}  // namespace mythos::transport
