#include <string>

#include "load/failure.hpp"
#include "load/http_client.hpp"
#include "load/input_lines.hpp"
#include "load/requests.hpp"
#include "load/scenarios.hpp"

namespace mythos::bench {

namespace {
constexpr char kChannel[] = "bench:storm";
constexpr double kOrder_s = 60;  // how long to wait for the word to come back
}  // namespace

Report measure_storm(EventLoop& loop, const Target& target, const FleetOptions& fleet_options, const Storm& storm) {
    if (target.dialect == Dialect::plain) throw Failure("only a server with cursors can resume");
    Fleet fleet(loop, target, fleet_options);
    HttpClient publisher(loop, target.address, target.host);
    std::uint64_t received = 0;
    Histogram resume_time;
    fleet.set_on_delivery([&](Member& member, std::uint64_t number, std::string_view) {
        ++received;
        if (number + 1 == storm.missed) resume_time.record(now_ns() - member.connection.opened_at_ns());
    });
    fleet.add_players(storm.players, 0, 0);
    fleet.open_all();
    fleet.subscribe(0, storm.players, kChannel);
    fleet.start_checks(0);
    fleet.close_all();
    for (std::uint64_t n = 0; n < storm.missed; ++n) {
        publisher.post_and_wait("/api/publish", publish_body("channel", kChannel, n, storm.data_bytes), kOrder_s);
    }

    bool ordered = false;
    InputLines input(loop, [&](std::string_view) { ordered = true; });
    say("away");
    if (!loop.run_until(kOrder_s, [&] { return ordered; })) throw Failure("nobody said when to come back");

    Stopwatch watch(target);
    fleet.open(0, storm.players, true);
    const std::uint64_t due = storm.players * storm.missed;
    loop.run_until(fleet_options.limit_s, [&] { return received >= due; });
    watch.stop();
    loop.run_until(0.2, [] { return false; });
    fleet.finish_checks(storm.missed);

    std::size_t recovered = 0;
    for (const Member& member : fleet.members()) recovered += member.recovered ? 1 : 0;
    Report report = account_report(fleet);
    report["ok"] = report["ok"].get<bool>() && recovered == storm.players;
    report["players"] = storm.players;
    report["recovered"] = recovered;
    report["missed_each"] = storm.missed;
    report["all_back_ms"] = rounded(watch.wall_us() / 1e3, 1);
    report["cpu_us_per_resume"] = rounded(watch.cpu_us() / static_cast<double>(storm.players), 1);
    report["resume_time"] = latency_report(resume_time);
    report["usage"] = watch.report();
    return report;
}

}  // namespace mythos::bench
