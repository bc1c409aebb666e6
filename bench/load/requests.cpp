#include "load/requests.hpp"

#include <array>

namespace mythos::bench {

namespace {

std::string get(std::string_view host, std::string_view path, std::string_view headers) {
    std::string request = "GET ";
    request.append(path).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n").append(headers).append("\r\n");
    return request;
}

}  // namespace

std::string websocket_upgrade(std::string_view host, std::string_view path) {
    return get(host, path,
               "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: bXl0aG9zIGJlbmNobWFyaw==\r\n");
}

std::string sse_request(std::string_view host, std::string_view path) {
    return get(host, path, "Accept: text/event-stream\r\nCache-Control: no-cache\r\n");
}

std::string json_post(std::string_view host, std::string_view path, std::string_view body) {
    std::string request = "POST ";
    request.append(path).append(" HTTP/1.1\r\nHost: ").append(host);
    request.append("\r\nContent-Type: application/json\r\nContent-Length: ").append(std::to_string(body.size()));
    return request.append("\r\n\r\n").append(body);
}

std::string masked_frame(std::uint8_t opcode, std::string_view payload) {
    constexpr std::array<unsigned char, 4> kMask{0x37, 0xfa, 0x21, 0x3d};
    std::string frame(1, static_cast<char>(0x80U | opcode));
    if (payload.size() < 126) {
        frame.push_back(static_cast<char>(0x80U | payload.size()));
    } else {
        const int length_bytes = payload.size() < 65536 ? 2 : 8;
        frame.push_back(static_cast<char>(length_bytes == 2 ? 0xfe : 0xff));
        for (int i = length_bytes - 1; i >= 0; --i)
            frame.push_back(static_cast<char>(payload.size() >> (8 * i) & 0xff));
    }
    frame.append(reinterpret_cast<const char*>(kMask.data()), kMask.size());
    for (std::size_t i = 0; i < payload.size(); ++i) {
        frame.push_back(static_cast<char>(static_cast<unsigned char>(payload[i]) ^ kMask[i % 4]));
    }
    return frame;
}

std::string masked_text(std::string_view payload) { return masked_frame(0x1, payload); }

std::string benchmark_data(std::uint64_t n, std::size_t data_bytes) {
    const std::string digits = std::to_string(n);
    std::string data = R"({"n":")" + std::string(kNumberDigits - digits.size(), '0') + digits + R"(","pad":")";
    if (data.size() + 2 < data_bytes) data.append(data_bytes - data.size() - 2, 'x');
    return data + R"("})";
}

std::string publish_body(std::string_view to, std::string_view name, std::uint64_t n, std::size_t data_bytes) {
    std::string body = R"({")";
    body.append(to).append(R"(":")").append(name).append(R"(","type":"bench.said","data":)");
    return body.append(benchmark_data(n, data_bytes)).append("}");
}

}  // namespace mythos::bench
