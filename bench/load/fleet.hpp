// The players of a measurement: opens their connections, subscribes them, keeps what each was
// told (session, cursor) and each stream's account. Used by the loop's thread only.
// Errors: Failure when not everybody is connected, welcomed or subscribed in time, or when the
// server ends or refuses a connection that nobody closed here.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "load/connection.hpp"
#include "load/delivery_reader.hpp"
#include "load/http_client.hpp"
#include "load/target.hpp"

namespace mythos::bench {

struct Member {
    Member(EventLoop& loop, ConnectionObserver& observer, Wire wire, std::uint32_t index)
        : connection(loop, observer, wire, index) {}

    Connection connection;
    SequenceCheck check;
    std::string session_id;
    std::string cursor;  // the welcome's; where to resume
    std::uint32_t player = 0;
    std::uint32_t unacked = 0;
    std::int64_t ready_at_ns = 0;
    std::int64_t first_delivery_at_ns = 0;
    bool ready = false;
    bool subscribed = false;
    bool recovered = false;  // what the last welcome said
};

struct FleetOptions {
    std::string name_prefix = "bench";
    std::string ws_path = "/ws/{player}";
    std::string sse_path = "/sse/{player}";
    bool client_ids = true;
    bool write_each_alone = false;     // each message in a write of its own
    std::size_t handshakes_max = 256;  // begun and not yet welcomed
    double limit_s = 60;               // for any one step
};

class Fleet final : public ConnectionObserver {
public:
    using OnDelivery = std::function<void(Member&, std::uint64_t number, std::string_view message)>;

    Fleet(EventLoop& loop, const Target& target, FleetOptions options);

    // `dual`: each player has both wires, of one client. Adds members; connects nothing yet.
    void add_players(std::size_t websocket, std::size_t sse, std::size_t dual);

    // Connects the members from `first` up to `last`, exclusive, and waits until each is welcomed.
    // With `resume`, each gives the cursor that it has.
    void open(std::size_t first, std::size_t last, bool resume = false);
    void open_all() { open(0, members_.size()); }
    void subscribe(std::size_t first, std::size_t last, const std::string& channel);
    void close_all();

    void set_on_delivery(OnDelivery on_delivery) { on_delivery_ = std::move(on_delivery); }
    // Starts each stream's account at `number`; and closes it: each number below `end` is due.
    void start_checks(std::uint64_t number);
    void finish_checks(std::uint64_t end);
    std::string name_of(const Member& member) const;

    std::deque<Member>& members() { return members_; }
    std::uint64_t lost() const;
    std::uint64_t repeated() const;
    std::uint64_t id_disorder() const;
    std::uint64_t gaps() const { return gaps_; }

    void on_open(Connection& connection) override;
    void on_message(Connection& connection, std::string_view body) override;
    void on_closed(Connection& connection, int code) override;

private:
    void start(Member& member, bool resume);
    std::string request_for(const Member& member, bool resume) const;
    void on_control(Member& member, std::string_view body);
    void become_ready(Member& member);
    void subscribe_by_post(Member& member, const std::string& command);

    EventLoop& loop_;
    const Target& target_;
    FleetOptions options_;
    DeliveryReader reader_;
    OnDelivery on_delivery_;
    std::deque<Member> members_;
    std::unique_ptr<HttpClient> commands_;
    std::size_t ready_ = 0;
    std::size_t subscribed_ = 0;
    std::uint64_t gaps_ = 0;
    std::uint32_t players_ = 0;
};

}  // namespace mythos::bench
