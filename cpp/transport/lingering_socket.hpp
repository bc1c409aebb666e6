// A socket's last moments: everything was sent and writing is shut down; what the peer still sends is read and
// dropped, so that our last bytes are not destroyed by a reset, until it hangs up too or a bound is reached.
//
// Thread-safety: the loop's own thread. Ownership: the loop's.
#pragma once

#include <string>

#include "transport/event_loop.hpp"

namespace mythos::transport {

class LingeringSocket final : public Watcher {
public:
    // Shuts writing down and takes the socket, which stood in the loop already. `unsent` goes out
    // first, as far as the peer takes it within the bound.
    static void begin(EventLoop& loop, Socket socket, std::string unsent = {});

    LingeringSocket(EventLoop& loop, Socket socket, std::string unsent);
    void ready(std::uint32_t events) override;
    void resume() override { drain(); }
    void expired() override { loop_.retire(*this); }

private:
    void flush();
    void drain();

    std::string unsent_;
    std::size_t dropped_bytes_ = 0;
};

}  // namespace mythos::transport
