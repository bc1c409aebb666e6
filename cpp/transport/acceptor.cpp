#include "transport/acceptor.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace mythos::transport {
namespace {

constexpr int kAcceptsARound = 32;  // a storm of newcomers shares the loop with those who are here

// What accept(2) tells of one newcomer, who is gone again; the next may be well.
bool concerns_one(int error) {
    return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN || error == ENETUNREACH ||
           error == EHOSTUNREACH || error == ETIMEDOUT || error == EPERM;
}

}  // namespace

Acceptor::Acceptor(EventLoop& loop, Socket listener, OnAccepted on_accepted, OnPause on_pause)
    : Watcher(loop, std::move(listener)), on_accepted_(std::move(on_accepted)), on_pause_(std::move(on_pause)) {}

Acceptor* Acceptor::begin(EventLoop& loop, Socket listener, OnAccepted on_accepted, OnPause on_pause) {
    auto owned = std::make_unique<Acceptor>(loop, std::move(listener), std::move(on_accepted), std::move(on_pause));
    Acceptor* acceptor = owned.get();
    return loop.adopt_newcomer(std::move(owned)) ? acceptor : nullptr;
}

void Acceptor::accept_some() {
    for (int accepts = 0; accepts < kAcceptsARound; ++accepts) {
        Socket accepted(accept4(socket_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (accepted.is_open()) {
            on_accepted_(std::move(accepted));
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) return;
        if (concerns_one(errno)) continue;
        on_pause_();
        return loop_.set_deadline(*this, loop_.now() + kPause);
    }
    loop_.defer(*this);
}

}  // namespace mythos::transport
