#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "load/failure.hpp"
#include "load/http_client.hpp"
#include "load/input_lines.hpp"
#include "load/requests.hpp"
#include "load/scenarios.hpp"

namespace mythos::bench {

namespace {

constexpr char kChannel[] = "bench:live";
constexpr double kDrain_s = 10;

// A message's latency counts from when it was due, not from when it was sent: a stall of the
// publisher would otherwise hide the very delays that it is here to see (coordinated omission).
class Metronome {
public:
    explicit Metronome(double rate_hz) : interval_ns_(static_cast<std::int64_t>(1e9 / rate_hz)), began_ns_(now_ns()) {}
    std::int64_t due_at_ns(std::uint64_t n) const { return began_ns_ + static_cast<std::int64_t>(n) * interval_ns_; }
    int wait_ms(std::uint64_t next) const {
        const std::int64_t left_ns = due_at_ns(next) - now_ns();
        return left_ns <= 0 ? 0 : static_cast<int>(left_ns / 1'000'000);
    }

private:
    std::int64_t interval_ns_;
    std::int64_t began_ns_;
};

}  // namespace

Report measure_probe(EventLoop& loop, const Target& target, const FleetOptions& fleet_options, const Probe& probe) {
    Fleet fleet(loop, target, fleet_options);
    HttpClient publisher(loop, target.address, target.host);
    fleet.add_players(probe.subscribers, 0, 0);
    fleet.open_all();
    fleet.subscribe(0, probe.subscribers, kChannel);
    fleet.start_checks(0);

    const Metronome metronome(probe.rate_hz);
    std::vector<std::pair<std::string, Histogram>> phases{{"start", Histogram{}}};
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    bool stopped = false;
    fleet.set_on_delivery([&](Member&, std::uint64_t n, std::string_view) {
        ++received;
        phases.back().second.record(now_ns() - metronome.due_at_ns(n));
    });
    InputLines input(loop, [&](std::string_view line) {
        if (line == "stop") stopped = true;
        if (line.starts_with("mark ")) phases.emplace_back(line.substr(5), Histogram{});
    });
    say("live");
    const std::int64_t end_ns = now_ns() + static_cast<std::int64_t>(probe.limit_s * 1e9);
    while (!stopped && now_ns() < end_ns) {
        for (; metronome.due_at_ns(sent) <= now_ns(); ++sent) {
            publisher.post("/api/publish", publish_body("channel", kChannel, sent, probe.data_bytes));
        }
        loop.run_once(metronome.wait_ms(sent));
    }
    const bool complete = loop.run_until(kDrain_s, [&] { return received >= sent * probe.subscribers; });
    fleet.finish_checks(sent);

    Report report = account_report(fleet);
    report["ok"] = complete && report["ok"].get<bool>();
    report["subscribers"] = probe.subscribers;
    report["rate_hz"] = probe.rate_hz;
    for (const auto& [name, histogram] : phases) report["phases"][name] = latency_report(histogram);
    return report;
}

}  // namespace mythos::bench
