// A non-blocking TCP socket and what the transport asks of it; the only place that knows the socket calls.
//
// Thread-safety: a Socket belongs to one thread at a time; the functions are stateless. Errors of operation come as
// Result or as a return value; nothing throws. Linux: the listener's options are inherited by what it accepts
// (tcp(7)), so a connection costs no setsockopt of its own.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "hub/outlet.hpp"

namespace mythos::transport {

// Owns a file descriptor.
class Socket {
public:
    Socket() = default;
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { close(); }

    int descriptor() const { return descriptor_; }
    bool is_open() const { return descriptor_ >= 0; }
    void close();

private:
    int descriptor_ = -1;
};

struct ListenOptions {
    std::string host = "127.0.0.1";  // an address, not a name to resolve; IPv6 without brackets
    std::uint16_t port = 0;          // 0: any free one
    int backlog = 4096;
    // Dead peers: unacknowledged bytes for so long end the connection, and an idle one is probed (tcp(7)). 0: neither.
    Duration user_timeout{};
    // At most so much waits in the kernel unsent for one peer (tcp(7), TCP_NOTSENT_LOWAT): what a slow reader has not
    // got stays in the journal, where it costs nothing and can still be conflated. 0: up to net.ipv4.tcp_wmem.
    int unsent_bytes_max = 256 * 1024;
};

// SO_REUSEPORT and SO_REUSEADDR: one listener a loop on one port. Errors: `bad_address`, `address_in_use`,
// `address_not_available`, `listen_failed`.
Result<Socket> listen_tcp(const ListenOptions& options);

// What `user_timeout` says, for a socket that stands already.
void set_user_timeout(const Socket& socket, Duration timeout);

// Whether nobody listens there yet: SO_REUSEPORT would let two servers of one user share a port in silence.
// Errors as above.
Result<void> check_address_is_free(const ListenOptions& options);

// The port that a listener got.
std::uint16_t local_port(const Socket& socket);

// For the child of a fork: closes every TCP socket of this process that is bound to `port`, so that they end when the
// parent closes them.
void close_inherited(std::uint16_t port);

// `127.0.0.1:4711`, `[::1]:4711`; empty where there is no peer any more.
std::string remote_address(const Socket& socket);

// Bytes read; 0: nothing there now; -1: the peer has closed or the socket is dead.
std::int64_t read_some(const Socket& socket, std::span<char> buffer);

// Bytes taken; 0: none fit now; -1: the socket is dead. Never raises SIGPIPE.
std::int64_t write_some(const Socket& socket, const iovec* pieces, int count);
std::int64_t write_some(const Socket& socket, std::string_view bytes);

// No more bytes will be sent: the peer reads its end of file.
void shut_down_writing(const Socket& socket);

std::optional<hub::Outlet::KernelAck> kernel_ack(const Socket& socket);

}  // namespace mythos::transport
