#include "transport/socket.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace mythos::transport {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// 0 for what is not bound to a TCP or UDP port.
std::uint16_t port_of(int descriptor) {
    Address address;
    if (getsockname(descriptor, address.get(), &address.size) != 0) return 0;
    if (address.storage.ss_family == AF_INET6) {
        return ntohs(reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port);
    }
    if (address.storage.ss_family != AF_INET) return 0;
    return ntohs(reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port);
}

std::optional<Address> parse_address(const std::string& host, std::uint16_t port) {
    Address address;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.size = sizeof(sockaddr_in);
        return address;
    }
    if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.size = sizeof(sockaddr_in6);
        return address;
    }
    return std::nullopt;
}

bool set_option(int descriptor, int level, int name, int value) {
    return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

void set_dead_peer_options(int descriptor, Duration timeout) {
    const auto timeout_ms = static_cast<int>(std::clamp<std::int64_t>(timeout.ms(), 1, INT_MAX));
    set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, timeout_ms);
    // An idle peer is probed after half the time, so that its death shows within the whole of it.
    const int probe_s = std::max(1, timeout_ms / 2'000);
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, probe_s);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, probe_s);
}

void set_inherited_options(int descriptor, const ListenOptions& options) {
    set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    if (options.unsent_bytes_max > 0) {
        set_option(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, options.unsent_bytes_max);
    }
    if (options.user_timeout > Duration{}) set_dead_peer_options(descriptor, options.user_timeout);
}

Error listen_error(int error) {
    switch (error) {
        case EADDRINUSE:
            return {"address_in_use", "Another program listens on this address: choose another port."};
        case EADDRNOTAVAIL:
            return {"address_not_available", "This machine does not have that address."};
        case EACCES:
            return {"listen_failed", "Listening there needs rights that this process does not have."};
        default:
            return {"listen_failed", "The operating system refused to listen on this address."};
    }
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

bool took_all(const msghdr& message, ssize_t taken) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < message.msg_iovlen; ++i) size += message.msg_iov[i].iov_len;
    return static_cast<std::size_t>(taken) == size;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        close();
        descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
}

void Socket::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

Result<Socket> listen_tcp(const ListenOptions& options) {
    auto address = parse_address(options.host, options.port);
    if (!address) return Error{"bad_address", "Listening needs an IPv4 or IPv6 address, as 127.0.0.1."};
    Socket socket(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int descriptor = socket.descriptor();
    if (!socket.is_open()) return listen_error(errno);
    set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
    set_inherited_options(descriptor, options);
    if (!set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) || bind(descriptor, address->get(), address->size) != 0 ||
        listen(descriptor, options.backlog) != 0) {
        return listen_error(errno);
    }
    return socket;
}

Result<void> check_address_is_free(const ListenOptions& options) {
    auto address = parse_address(options.host, options.port);
    if (!address) return Error{"bad_address", "Listening needs an IPv4 or IPv6 address, as 127.0.0.1."};
    const Socket probe(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!probe.is_open()) return listen_error(errno);
    set_option(probe.descriptor(), SOL_SOCKET, SO_REUSEADDR, 1);  // TIME_WAIT is no neighbour
    if (bind(probe.descriptor(), address->get(), address->size) != 0) return listen_error(errno);
    return {};
}

void set_user_timeout(const Socket& socket, Duration timeout) { set_dead_peer_options(socket.descriptor(), timeout); }

std::uint16_t local_port(const Socket& socket) { return port_of(socket.descriptor()); }

void close_inherited(std::uint16_t port) {
    std::vector<int> found;
    DIR* open = opendir("/proc/self/fd");
    if (open == nullptr) return;
    while (const dirent* entry = readdir(open)) {
        const int descriptor = std::atoi(entry->d_name);
        if (descriptor > 0 && port_of(descriptor) == port) found.push_back(descriptor);
    }
    closedir(open);
    for (const int descriptor : found) ::close(descriptor);
}

std::string remote_address(const Socket& socket) {
    Address address;
    if (getpeername(socket.descriptor(), address.get(), &address.size) != 0) return {};
    char text[INET6_ADDRSTRLEN] = "";
    if (address.storage.ss_family == AF_INET6) {
        const auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6->sin6_port));
    }
    if (address.storage.ss_family != AF_INET) return {};
    const auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(v4->sin_port));
}

std::int64_t read_some(const Socket& socket, std::span<char> buffer) {
    const ssize_t count = recv(socket.descriptor(), buffer.data(), buffer.size(), 0);
    if (count > 0) return count;
    return count < 0 && would_block(errno) ? 0 : -1;
}

std::int64_t write_some(const Socket& socket, const iovec* pieces, int count) {
    std::int64_t total = 0;
    while (count > 0) {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(pieces);
        message.msg_iovlen = static_cast<std::size_t>(std::min(count, IOV_MAX));
        const ssize_t taken = sendmsg(socket.descriptor(), &message, MSG_NOSIGNAL);
        if (taken < 0) return total > 0 ? total : (would_block(errno) ? 0 : -1);
        total += taken;
        count -= static_cast<int>(message.msg_iovlen);
        pieces += message.msg_iovlen;
        // More than the kernel takes at once: whoever waits for room must have met a full socket, or nobody will
        // tell that there is room.
        if (count > 0 && !took_all(message, taken)) return total;
    }
    return total;
}

std::int64_t write_some(const Socket& socket, std::string_view bytes) {
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    return write_some(socket, &piece, 1);
}

void shut_down_writing(const Socket& socket) { shutdown(socket.descriptor(), SHUT_WR); }

std::optional<hub::Outlet::KernelAck> kernel_ack(const Socket& socket) {
    tcp_info info{};
    socklen_t size = sizeof info;
    int unsent = 0;
    if (getsockopt(socket.descriptor(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    if (ioctl(socket.descriptor(), SIOCOUTQ, &unsent) != 0) return std::nullopt;
    return hub::Outlet::KernelAck{milliseconds(info.tcpi_last_ack_recv), unsent == 0, microseconds(info.tcpi_rtt)};
}

}  // namespace mythos::transport
