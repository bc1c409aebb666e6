// One client connection over a raw socket: connects, asks for its stream, answers pings and
// hands messages to its observer. Used by the loop's thread only. The observer outlives it.
//
// A Connection may be closed and opened again, but never reopened from within a callback
// (see event_loop.hpp).
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "load/event_loop.hpp"
#include "load/stream_decoder.hpp"

namespace mythos::bench {

class Connection;

class ConnectionObserver {
public:
    virtual ~ConnectionObserver() = default;
    virtual void on_open(Connection& connection) = 0;  // after the 101 or the 200
    virtual void on_message(Connection& connection, std::string_view body) = 0;
    // An HTTP status of a refusal, a close code, or 0 for a socket that ended without a word.
    virtual void on_closed(Connection& connection, int code) = 0;
};

class Connection final : public Pollable, private StreamSink {
public:
    Connection(EventLoop& loop, ConnectionObserver& observer, Wire wire, std::uint32_t index)
        : loop_(loop), observer_(observer), decoder_(wire), index_(index), wire_(wire) {}
    ~Connection() override { close(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // `source` is the local address; its port is chosen by the system.
    void open(const sockaddr_in& server, in_addr source, std::string request);
    void send_text(std::string_view payload);
    void send_frames(std::string_view frames);  // ready-made, masked
    void close();                               // tells the observer nothing
    // What is sent in answer to one read leaves in one write, as an event-driven client does; not so after this.
    void write_each_alone() { gathers_ = false; }

    Wire wire() const { return wire_; }
    std::uint32_t index() const { return index_; }
    bool is_open() const { return state_ == State::streaming; }
    bool is_closed() const { return fd_ < 0; }
    std::int64_t opened_at_ns() const { return opened_at_ns_; }  // when open() was called

    void on_ready(std::uint32_t events) override;

private:
    enum class State : std::uint8_t { closed, connecting, asking, streaming };

    bool on_head(int status) override;
    void on_message(std::string_view body) override { observer_.on_message(*this, body); }
    void on_ping(std::string_view payload) override;
    void on_close(int code) override { fail(code); }
    void finish_connect();
    void read();
    void write();
    void fail(int code);

    EventLoop& loop_;
    ConnectionObserver& observer_;
    StreamDecoder decoder_;
    std::string unsent_;
    std::string gathered_;  // to be sent when what was read is handled
    std::int64_t opened_at_ns_ = 0;
    int fd_ = -1;
    std::uint32_t index_;
    Wire wire_;
    State state_ = State::closed;
    bool gathers_ = true;
    bool gathering_ = false;
};

}  // namespace mythos::bench
