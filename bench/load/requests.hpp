// The bytes that the load generator sends: HTTP requests, masked WebSocket frames and the
// JSON of commands and publishes. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mythos::bench {

std::string websocket_upgrade(std::string_view host, std::string_view path);
std::string sse_request(std::string_view host, std::string_view path);
std::string json_post(std::string_view host, std::string_view path, std::string_view body);

// One whole frame (RFC 6455, section 5.2), masked with a key that is not zero.
std::string masked_frame(std::uint8_t opcode, std::string_view payload);
std::string masked_text(std::string_view payload);

// A benchmark message's `data` is {"n":"0000000042","pad":"xx…"}: a number of fixed width,
// which a receiver finds without parsing, and padding up to `data_bytes` in all.
inline constexpr std::size_t kNumberDigits = 10;
std::string benchmark_data(std::uint64_t n, std::size_t data_bytes);

// The body of a publish: `to` is `channel` or `player`.
std::string publish_body(std::string_view to, std::string_view name, std::uint64_t n, std::size_t data_bytes);

}  // namespace mythos::bench
