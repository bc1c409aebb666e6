#include "transport/monitor_listeners.hpp"

#include <algorithm>

#include "transport/lingering_socket.hpp"
#include "transport/sse_connection.hpp"

namespace mythos::transport {
namespace {

constexpr int kReadsMax = 16;  // who says so much at once is no listener

}  // namespace

void MonitorListeners::open(HttpConnection::Taken taken, const HttpHeaders& cors) {
    auto owned = std::make_unique<MonitorListener>(loop_, *this, std::move(taken.socket));
    MonitorListener& listener = *owned;
    if (!loop_.adopt_inherited(std::move(owned))) return;
    open_.push_back(&listener);
    size_.store(open_.size(), std::memory_order_relaxed);
    listener.tell(SseConnection::stream_head(cors, loop_.clock().wall()));
}

void MonitorListeners::tell(const std::shared_ptr<const std::string>& block) {
    for (MonitorListener* listener : std::vector(open_)) {
        if (listener->tell(*block)) continue;
        counters_.add(stats::Counter::listeners_dropped);
        listener->leave();
    }
}

void MonitorListeners::end_all() {
    for (MonitorListener* listener : std::vector(open_)) listener->end();
}

void MonitorListeners::remove(MonitorListener& listener) {
    std::erase(open_, &listener);
    size_.store(open_.size(), std::memory_order_relaxed);
}

void MonitorListener::ready(std::uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return leave();
    if ((events & EPOLLOUT) != 0) flush();
    if ((events & (EPOLLIN | EPOLLRDHUP)) == 0) return;
    // It has nothing to say; but that it hangs up is read like any input.
    for (int reads = 0; reads < kReadsMax; ++reads) {
        const std::int64_t count = read_some(socket_, loop_.read_buffer());
        if (count < 0) break;
        if (count == 0) return;
    }
    leave();
}

bool MonitorListener::tell(std::string_view bytes) {
    if (!unsent_.empty()) return false;
    unsent_ = bytes;
    flush();
    return true;
}

void MonitorListener::flush() {
    if (unsent_.empty()) return;
    const std::int64_t taken = write_some(socket_, unsent_);
    if (taken < 0) return leave();
    unsent_.erase(0, static_cast<std::size_t>(taken));
}

void MonitorListener::end() {
    all_.remove(*this);
    Socket socket = std::move(socket_);
    std::string unsent = std::move(unsent_);
    loop_.retire(*this);
    LingeringSocket::begin(loop_, std::move(socket), std::move(unsent));
}

void MonitorListener::leave() {
    all_.remove(*this);
    loop_.retire(*this);
}

}  // namespace mythos::transport
