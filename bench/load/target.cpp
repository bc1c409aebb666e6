#include "load/target.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <utility>

#include "load/failure.hpp"

namespace mythos::bench {

namespace {
constexpr std::uint32_t kSourceAddresses = 8;
}

Target parse_target(std::string_view host_port, Dialect dialect, std::vector<pid_t> pids) {
    Target target;
    target.host = host_port;
    target.dialect = dialect;
    target.pids = std::move(pids);
    const std::size_t colon = host_port.rfind(':');
    const std::string host(host_port.substr(0, colon));
    std::uint16_t port = 0;
    if (colon != std::string_view::npos) {
        std::from_chars(host_port.data() + colon + 1, host_port.data() + host_port.size(), port);
    }
    target.address.sin_family = AF_INET;
    target.address.sin_port = htons(port);
    if (port == 0 || inet_pton(AF_INET, host.c_str(), &target.address.sin_addr) != 1 || !host.starts_with("127.")) {
        throw Failure("the target must be a loopback address with a port, as 127.0.0.1:8000");
    }
    return target;
}

in_addr source_address(std::size_t index) {
    return {.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(index) % kSourceAddresses)};
}

}  // namespace mythos::bench
