#include "server/signals.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace mythos::server {

Signals::Signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    descriptor_ = transport::Socket(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::optional<Signal> Signals::wait(std::optional<Duration> timeout) {
    pollfd waiting{descriptor_.descriptor(), POLLIN, 0};
    poll(&waiting, 1, timeout ? static_cast<int>(timeout->ms()) : -1);
    signalfd_siginfo info{};
    if (read(descriptor_.descriptor(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
    return info.ssi_signo == SIGHUP ? Signal::hang_up : Signal::terminate;
}

}  // namespace mythos::server
