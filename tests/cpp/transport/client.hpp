// A blocking TCP client of tests, on loopback, whose every wait is bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mythos::transport {

class TestClient {
public:
    explicit TestClient(std::uint16_t port);
    TestClient(const TestClient&) = delete;
    TestClient& operator=(const TestClient&) = delete;
    ~TestClient();

    void send(std::string_view bytes);
    // Reads until `end` was seen; what came up to and including it. Fails on the peer's hang-up or the bound.
    std::string read_until(std::string_view end);
    std::string read_bytes(std::size_t count);
    // Reads until the peer hangs up; what came.
    std::string read_all();

    // A request and its answer, head and body by Content-Length.
    std::string ask(std::string_view request);
    std::string read_answer();
    // `GET path` with a loopback Host and these further header lines.
    std::string get(std::string_view path, std::string_view headers = "");
    std::string post(std::string_view path, std::string_view body, std::string_view headers = "");
    void send_post(std::string_view path, std::string_view body, std::string_view headers = "");
    // An upgrade; the 101 or what was answered instead.
    std::string upgrade(std::string_view path, std::string_view headers = "");

    // One server frame: first byte and payload.
    std::string frame();
    void send_text(std::string_view payload);
    void send_frame(std::string_view frame) { send(frame); }

    void hang_up_with_reset();
    void shut_down_writing();

private:
    bool receive();

    int descriptor_;
    std::string buffer_;
};

// The status of an answer; 0 where it is none.
int status_of(std::string_view answer);
std::string body_of(std::string_view answer);

}  // namespace mythos::transport
