#include <array>
#include <string>

#include "load/failure.hpp"
#include "load/http_client.hpp"
#include "load/process_usage.hpp"
#include "load/requests.hpp"
#include "load/scenarios.hpp"

namespace mythos::bench {

namespace {

constexpr char kChannel[] = "bench:fanout";
// A window that is not through by then is given up, and what is missing counted as lost.
constexpr double kStallLimit_s = 15;
constexpr double kJoin_s = 0.2;
constexpr std::int64_t kAckInterval_ns = 200'000'000;

// Publishes in a closed loop and follows each number until everybody has it.
class ClosedLoop {
public:
    ClosedLoop(EventLoop& loop, const Target& target, Fleet& fleet, const Load& load)
        : loop_(loop),
          fleet_(fleet),
          load_(load),
          publisher_(loop, target.address, target.host),
          acknowledging_(load.ack_every != 0 && target.dialect == Dialect::mythos) {
        if (load.window == 0 || load.window > kRing) throw Failure("the window must be between 1 and 4096");
        fleet_.set_on_delivery(
            [this](Member& member, std::uint64_t n, std::string_view body) { on_delivery(member, n, body); });
    }

    // False when a window did not come through.
    bool run(double seconds) {
        const std::int64_t end_ns = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
        while (now_ns() < end_ns) {
            const std::uint64_t before = done_;
            publish();
            if (!loop_.run_until(kStallLimit_s, [&] { return done_ > before && (rolling() || is_through()); }))
                return false;
        }
        return true;
    }
    bool drain() {
        return loop_.run_until(kStallLimit_s, [this] { return is_through(); });
    }

    void forget_latencies() { latency_.clear(); }
    std::uint64_t deliveries() const { return deliveries_; }
    std::uint64_t published() const { return next_; }
    const Histogram& latency() const { return latency_; }

private:
    static constexpr std::size_t kRing = 4096;
    struct Outstanding {
        std::int64_t sent_at_ns = 0;
        std::size_t left = 0;
    };

    bool rolling() const { return load_.publish_by == PublishBy::rolling; }
    bool is_through() const { return done_ == next_ && publisher_.outstanding() == 0; }

    void publish() {
        const std::size_t count = load_.window - static_cast<std::size_t>(next_ - done_);
        std::string batch;
        const std::int64_t now = now_ns();
        for (std::size_t i = 0; i < count; ++i) {
            const std::string body = publish_body("channel", kChannel, next_, load_.data_bytes);
            ring_[next_++ % kRing] = {now, fleet_.members().size()};
            if (load_.publish_by == PublishBy::batch && load_.window > 1) {
                batch += batch.empty() ? body : "," + body;
            } else {
                publisher_.queue_post("/api/publish", body);
            }
        }
        if (!batch.empty()) publisher_.queue_post("/api/publish", R"({"messages":[)" + batch + "]}");
        publisher_.flush();
    }

    void on_delivery(Member& member, std::uint64_t n, std::string_view body) {
        Outstanding& outstanding = ring_[n % kRing];
        ++deliveries_;
        const std::int64_t now = now_ns();
        latency_.record(now - outstanding.sent_at_ns);
        if (outstanding.left > 0 && --outstanding.left == 0) {
            while (done_ < next_ && ring_[done_ % kRing].left == 0) ++done_;
        }
        if (acknowledging_) acknowledge(member, body, now);
    }

    void acknowledge(Member& member, std::string_view body, std::int64_t now) {
        const bool due = ++member.unacked >= load_.ack_every || now - member.first_delivery_at_ns >= kAckInterval_ns;
        if (!due || member.connection.wire() != Wire::websocket) return;
        member.unacked = 0;
        member.first_delivery_at_ns = now;  // of those not acknowledged yet
        std::string ack = R"({"type":"ack","data":{"cursor":")";
        member.connection.send_text(ack.append(entry_id(body)).append(R"("}})"));
    }

    EventLoop& loop_;
    Fleet& fleet_;
    const Load& load_;
    HttpClient publisher_;
    const bool acknowledging_;
    Histogram latency_;
    std::array<Outstanding, kRing> ring_;
    std::uint64_t next_ = 0;
    std::uint64_t done_ = 0;
    std::uint64_t deliveries_ = 0;
};

}  // namespace

Report measure_fanout(EventLoop& loop, const Target& target, const FleetOptions& fleet_options, const Load& load) {
    Fleet fleet(loop, target, fleet_options);
    fleet.add_players(load.websocket, load.sse, load.dual);
    if (fleet.members().empty()) throw Failure("nobody to deliver to: give --ws, --sse or --dual");
    fleet.open_all();
    fleet.subscribe(0, fleet.members().size(), kChannel);
    fleet.start_checks(0);
    // Without a welcome nobody says when a newcomer has joined the broadcast: it is given a moment.
    if (target.dialect == Dialect::plain) loop.run_until(kJoin_s, [] { return false; });

    ClosedLoop closed_loop(loop, target, fleet, load);
    bool complete = closed_loop.run(load.warmup_s);
    closed_loop.forget_latencies();
    const std::uint64_t before = closed_loop.deliveries();
    Stopwatch watch(target);
    complete = complete && closed_loop.run(load.seconds);
    watch.stop();
    const std::uint64_t count = closed_loop.deliveries() - before;
    const auto deliveries = static_cast<double>(count);
    complete = complete && closed_loop.drain();
    // What comes twice may come late: one more look at what is there.
    loop.run_until(0.05, [] { return false; });
    fleet.finish_checks(closed_loop.published());

    Report report = account_report(fleet);
    report["ok"] = complete && report["ok"].get<bool>();
    report["connections"] = fleet.members().size();
    report["window"] = load.window;
    report["data_bytes"] = load.data_bytes;
    report["deliveries"] = count;
    report["deliveries_per_s"] = rounded(deliveries / watch.wall_us() * 1e6, 0);
    report["cpu_us_per_delivery"] = count == 0 ? 0 : rounded(watch.cpu_us() / deliveries, 4);
    report["latency"] = latency_report(closed_loop.latency());
    report["usage"] = watch.report();
    return report;
}

}  // namespace mythos::bench
