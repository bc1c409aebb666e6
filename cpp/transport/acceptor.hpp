// A listening socket of one loop: accepts what is waiting, many a round.
//
// Out of descriptors or memory it rests for a while, counted, instead of spinning; the kernel's backlog
// holds the newcomers meanwhile. Thread-safety: the loop's own thread. Ownership: the loop's.
#pragma once

#include <cstdint>
#include <functional>

#include "transport/event_loop.hpp"

namespace mythos::transport {

class Acceptor final : public Watcher {
public:
    using OnAccepted = std::function<void(Socket)>;
    using OnPause = std::function<void()>;

    // Adopts an acceptor into the loop. `on_pause` is told each time that accepting has to rest.
    static Acceptor* begin(EventLoop& loop, Socket listener, OnAccepted on_accepted, OnPause on_pause);

    Acceptor(EventLoop& loop, Socket listener, OnAccepted on_accepted, OnPause on_pause);
    void ready(std::uint32_t) override { accept_some(); }
    void resume() override { accept_some(); }
    void expired() override { accept_some(); }
    void failed() override { loop_.defer(*this); }  // it was about one newcomer

    static constexpr Duration kPause = milliseconds(100);

private:
    void accept_some();

    OnAccepted on_accepted_;
    OnPause on_pause_;
};

}  // namespace mythos::transport
