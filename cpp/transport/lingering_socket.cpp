#include "transport/lingering_socket.hpp"

#include "base/limits.hpp"

namespace mythos::transport {
namespace {

constexpr int kReadsARound = 16;  // then others have their turn

}  // namespace

LingeringSocket::LingeringSocket(EventLoop& loop, Socket socket, std::string unsent)
    : Watcher(loop, std::move(socket)), unsent_(std::move(unsent)) {}

void LingeringSocket::begin(EventLoop& loop, Socket socket, std::string unsent) {
    if (!socket.is_open()) return;
    auto owned = std::make_unique<LingeringSocket>(loop, std::move(socket), std::move(unsent));
    LingeringSocket& lingering = *owned;
    if (!loop.adopt_inherited(std::move(owned))) return;
    loop.set_deadline(lingering, loop.now() + kLingerBound);
    lingering.flush();
}

void LingeringSocket::flush() {
    if (!unsent_.empty()) {
        const std::int64_t taken = write_some(socket_, unsent_);
        if (taken < 0) return loop_.retire(*this);
        unsent_.erase(0, static_cast<std::size_t>(taken));
        if (!unsent_.empty()) return;
        unsent_.shrink_to_fit();
    }
    shut_down_writing(socket_);
}

void LingeringSocket::ready(std::uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return loop_.retire(*this);
    if ((events & EPOLLOUT) != 0 && !unsent_.empty()) flush();
    drain();
}

void LingeringSocket::drain() {
    for (int reads = 0; reads < kReadsARound && socket_.is_open(); ++reads) {
        const std::int64_t count = read_some(socket_, loop_.read_buffer());
        if (count == 0) return;
        if (count < 0) return loop_.retire(*this);
        dropped_bytes_ += static_cast<std::size_t>(count);
        if (dropped_bytes_ > kLingerBytesMax) return loop_.retire(*this);
    }
    if (socket_.is_open()) loop_.defer(*this);
}

}  // namespace mythos::transport
