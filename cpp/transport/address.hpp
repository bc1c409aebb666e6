// `HOST:PORT` to its parts and back. Stateless; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mythos::transport {

struct HostPort {
    std::string host;  // IPv6 without brackets
    std::uint16_t port = 0;
    friend bool operator==(const HostPort&, const HostPort&) = default;
};

// `127.0.0.1:8000`, `[::1]:8000`, `localhost:8000` (which becomes 127.0.0.1); an empty host is no address.
std::optional<HostPort> parse_host_port(std::string_view text);

std::string format_host_port(std::string_view host, std::uint16_t port);

// 127.0.0.0/8 and ::1: reached from this machine only.
bool is_loopback_address(std::string_view host);

}  // namespace mythos::transport
