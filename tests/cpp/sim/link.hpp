// One simulated connection with both its ends: the server's (an Outlet on a loop) and
// the client's, with a network between them that can lose, delay and mislead.
//
// What the server writes goes into one bounded store that stands for both sockets'
// buffers and what is under way; a client that does not read fills it. All bytes of a
// direction arrive in order or not at all, as TCP has it.
//
// Kept alive by its two ends and by the actions on the agenda. Not thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hub/outlet.hpp"
#include "sim/agenda.hpp"
#include "sim/rng.hpp"

namespace mythos::sim {

class Loop;

// How the client's end heard that it is over, or was not let in.
struct LinkClosed {
    int http_status = 0;
    int ws_code = 0;
    std::optional<Duration> retry_after;
};

// The client's end. Calls come from the agenda, never from within a call of the link.
class LinkEnd {
public:
    virtual ~LinkEnd() = default;
    virtual void link_opened() = 0;
    // `offset` is the position of the first byte in the stream of this connection.
    virtual void link_bytes(std::string& bytes, std::uint64_t offset) = 0;
    virtual void link_closed(const LinkClosed& how) = 0;
};

struct LinkPace {
    Duration up;  // one way, client to server
    Duration down;
    std::size_t buffer;     // bytes that the server may be ahead of the client's reading
    unsigned short_writes;  // percent of writes that take only a part
};

class Link final : public hub::Outlet, public std::enable_shared_from_this<Link> {
public:
    Link(Agenda& agenda, Rng rng, LinkPace pace, LinkEnd* end, bool websocket);

    // The client's end.
    void connect(std::shared_ptr<Loop> loop, hub::ConnectRequest request, Duration extra_delay);
    void send_text(std::string text);
    void send_pong(std::string payload);
    void close_from_client(int code);
    void forget_end() { end_ = nullptr; }

    // How the client reads: everything as it comes, `bytes` every `every`, or nothing before `until`.
    void read_slowly(std::size_t bytes, Duration every);
    void read_nothing_until(MonoTime until);
    void read_normally();

    // The network. `reset`: who is told (a side that is not told waits for ever).
    void reset(bool tell_client, bool tell_server);
    void close_politely();
    void stand_still_until(MonoTime until);
    void set_delay(Duration up, Duration down);
    // The server's process died. `tell_client` false: its machine died with it.
    void server_died(bool tell_client);

    bool broken() const { return broken_; }
    bool client_over() const { return client_over_; }
    const hub::ConnectRequest& request() const { return request_; }
    const std::optional<hub::Admission>& admission() const { return admission_; }
    const std::shared_ptr<Loop>& loop() const { return loop_; }
    // Whether the session that was named had been replaced when the request reached the loop.
    void set_named_replaced(bool replaced) { named_replaced_ = replaced; }
    bool named_replaced() const { return named_replaced_; }
    Duration age() const { return agenda_.now() - begun_; }
    std::string describe() const;
    // Bytes under way or unread.
    std::size_t stored() const { return stored_; }
    // What the server wrote from here on is kept, for its account.
    void keep_bytes() { keeps_bytes_ = true; }
    const std::string& bytes_written() const { return bytes_written_; }
    // Whether ever a write did not take all that it was given.
    bool fell_short() const { return fell_short_; }
    // Both ends have the connection, and nothing is wrong with it.
    bool whole() const {
        return admission_ && !gone_posted_ && !finishing_ && !dead_to_server_ && !broken_ && !client_over_;
    }
    // The committed head of the journal when the byte at `offset` was written.
    // Asked with offsets that never go back.
    std::uint64_t head_at_write(std::uint64_t offset);

    // Outlet: the server's end.
    void admitted(const hub::Admission& admission) override;
    void refused(const hub::Refusal& refusal) override;
    std::int64_t write(const iovec* pieces, int count) override;
    void await_writable() override;
    void pause_reading(bool paused) override;
    void finish() override;
    void abort() override;
    std::optional<KernelAck> kernel_ack() const override;

private:
    struct Down {
        enum class Kind : std::uint8_t { opened, bytes, refused, end } kind;
        std::string bytes;
        LinkClosed how;
        MonoTime ready;
    };
    struct Up {
        enum class Kind : std::uint8_t { open, text, pong, close, end } kind;
        std::string text;
        int code = 0;
        MonoTime ready;
    };

    void keep(const iovec* pieces, int count, std::size_t bytes);
    void put_down(Down parcel);
    void pump_down();
    void pump_down_at(MonoTime when);
    std::size_t reading_budget();
    void deliver_front(std::size_t& budget);
    void discard_down();
    void note_room();
    void put_up(Up parcel, Duration extra = {});
    void pump_up();
    void deliver_up(Up parcel);
    void tell_server_gone();
    void tell_server_gone_after(Duration delay);
    void tell_client_closed(const LinkClosed& how);
    void tell_client_closed_after(Duration delay);

    Agenda& agenda_;
    Rng rng_;
    LinkPace pace_;
    LinkEnd* end_;
    bool websocket_;
    MonoTime begun_;
    std::shared_ptr<Loop> loop_;
    hub::ConnectRequest request_;
    hub::ConnectionKey key_ = 0;
    std::optional<hub::Admission> admission_;

    std::deque<Down> down_;
    bool fell_short_ = false;
    bool keeps_bytes_ = false;
    std::string bytes_written_;
    std::size_t stored_ = 0;                                     // bytes in down_
    std::uint64_t written_ = 0;                                  // bytes ever taken from the server
    std::uint64_t read_ = 0;                                     // bytes ever handed to the client
    std::deque<std::pair<std::uint64_t, std::uint64_t>> heads_;  // (end offset, head) of each write
    MonoTime down_pump_at_{-1};
    MonoTime last_down_;
    MonoTime last_ack_;

    std::deque<Up> up_;
    MonoTime last_up_;

    MonoTime still_until_;
    MonoTime reads_nothing_until_;
    std::size_t slow_bytes_ = 0;  // 0: reads everything
    Duration slow_every_;
    MonoTime next_slow_read_;

    bool open_posted_ = false;  // the request to connect has reached the loop
    bool awaiting_room_ = false;
    bool paused_ = false;
    bool broken_ = false;          // nothing passes any more, in either direction
    bool dead_to_server_ = false;  // write says so
    bool finishing_ = false;
    bool client_over_ = false;  // the client's end was told, or closed by itself
    bool gone_posted_ = false;  // `gone` is on its way to the loop
    bool server_over_ = false;  // the loop knows nothing of it any more
    bool named_replaced_ = false;
    bool answers_reset_ = false;  // of a broken connection: who writes learns of it
};

}  // namespace mythos::sim
