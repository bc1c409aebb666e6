#include "load/failure.hpp"
#include "load/process_usage.hpp"
#include "load/scenarios.hpp"

namespace mythos::bench {

namespace {
// The first tenth warms the server up (code paged in, tables grown) and is not measured.
constexpr std::size_t kWarmupPart = 10;
constexpr double kSettle_s = 1.0;

void settle(EventLoop& loop) {
    loop.run_until(kSettle_s, [] { return false; });
}
}  // namespace

Report measure_idle(EventLoop& loop, const Target& target, const FleetOptions& fleet_options, const Load& load) {
    Fleet fleet(loop, target, fleet_options);
    fleet.add_players(load.websocket, load.sse, load.dual);
    const std::size_t all = fleet.members().size();
    const std::size_t first = all / kWarmupPart;
    if (first == 0) throw Failure("too few connections to measure memory: ask for ten at least");

    const Memory empty = memory_of_all(target.pids);
    fleet.open(0, first);
    fleet.subscribe(0, first, "bench:idle");
    settle(loop);
    const Memory warm = memory_of_all(target.pids);

    Stopwatch connecting(target);
    fleet.open(first, all);
    connecting.stop();
    Stopwatch subscribing(target);
    fleet.subscribe(first, all, "bench:idle");
    subscribing.stop();
    settle(loop);
    const Memory full = memory_of_all(target.pids);

    fleet.close_all();
    settle(loop);
    const Memory after = memory_of_all(target.pids);

    const auto count = static_cast<double>(all - first);
    return {{"ok", true},
            {"connections", all},
            {"measured", count},
            {"kib_per_connection", rounded((full.rss_kib - warm.rss_kib) / count)},
            {"anonymous_kib_per_connection", rounded((full.anonymous_kib - warm.anonymous_kib) / count)},
            {"cpu_us_per_connect", rounded(connecting.cpu_us() / count, 1)},
            {"cpu_us_per_subscribe", rounded(subscribing.cpu_us() / count, 1)},
            {"connects_per_s", rounded(count / connecting.wall_us() * 1e6, 0)},
            {"rss_empty_kib", empty.rss_kib},
            {"rss_full_kib", full.rss_kib},
            {"rss_after_close_kib", after.rss_kib},
            {"connecting", connecting.report()},
            {"subscribing", subscribing.report()}};
}

}  // namespace mythos::bench
