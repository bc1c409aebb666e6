#include "sim/plan.hpp"

#include <algorithm>
#include <iterator>

#include "sim/rng.hpp"

namespace mythos::sim {
namespace {

constexpr std::size_t kTinyBuffers[] = {300, 700, 1'500, 4'096, 16'384, 65'536};

void draw_settings(Rng& rng, Plan& plan) {
    auto& s = plan.settings;
    s.heartbeat = milliseconds(static_cast<std::int64_t>(rng.between(300, 800)));
    s.grace = milliseconds(static_cast<std::int64_t>(rng.between(1'500, 4'000)));
    s.idle_timeout = seconds(10);
    s.sweep_interval = milliseconds(static_cast<std::int64_t>(rng.between(200, 2'000)));
    s.slow_reader = static_cast<hub::SlowReader>(rng.below(3));
    s.connections_per_player = rng.chance(25) ? rng.between(2, 3) : rng.between(4, 8);
    s.limit_policy = rng.chance(15) ? hub::LimitPolicy::refuse : hub::LimitPolicy::displace;
    s.catch_up_bytes = rng.chance(40) ? rng.between(300, 3'000) : 256 * 1024;
    s.deflate_min_bytes = 100;
    if (rng.chance(10)) s.position_memory = rng.between(40, 400);
    plan.retention.entries = rng.chance(50) ? rng.between(16, 100) : 4'000;
    if (rng.chance(15)) plan.retention.age = milliseconds(static_cast<std::int64_t>(rng.between(800, 3'000)));
    if (rng.chance(10)) plan.retention.bytes = rng.between(8'000, 40'000);
}

}  // namespace

Plan draw_plan(std::uint64_t seed, const Mutation& mutation) {
    Rng rng(seed * 0x9e3779b97f4a7c15 + 1);
    Plan plan;
    plan.seed = seed;
    plan.mutation = mutation;
    plan.loops = static_cast<std::uint32_t>(rng.between(2, 3));
    plan.durable = rng.chance(55);
    plan.commit_pace.least = microseconds(static_cast<std::int64_t>(rng.between(50, 500)));
    plan.commit_pace.most = plan.commit_pace.least + microseconds(static_cast<std::int64_t>(rng.between(100, 20'000)));
    draw_settings(rng, plan);
    plan.commit_pace.checkpoint_every = rng.between(4, std::min<std::size_t>(plan.retention.entries, 64));
    plan.players = static_cast<unsigned>(rng.between(2, 5));
    plan.channels = static_cast<unsigned>(rng.between(2, 4));
    plan.mode = rng.chance(35) ? protocol::Mode::standby : protocol::Mode::mirror;
    plan.mixed_modes = rng.chance(25);
    plan.keys = plan.settings.slow_reader == hub::SlowReader::conflate || rng.chance(20);
    plan.deflate = rng.chance(30);
    plan.padding = rng.chance(30) ? static_cast<unsigned>(rng.between(100, 900)) : 0;
    plan.buffer = kTinyBuffers[rng.below(std::size(kTinyBuffers))];
    plan.short_writes = rng.chance(25) ? static_cast<unsigned>(rng.between(5, 40)) : 0;
    plan.length = milliseconds(static_cast<std::int64_t>(rng.between(4'000, 9'000)));
    plan.publish_every = milliseconds(static_cast<std::int64_t>(rng.between(10, 60)));
    plan.act_every = milliseconds(static_cast<std::int64_t>(rng.between(20, 120)));
    plan.fault_every = milliseconds(static_cast<std::int64_t>(rng.between(80, 500)));
    plan.accounts = rng.chance(15);
    if (plan.accounts) {
        plan.settings.grace = seconds(200);  // longer than any run
        plan.settings.position_memory = hub::Settings{}.position_memory;
    }
    plan.restarts = !plan.accounts && rng.chance(50) ? static_cast<unsigned>(rng.between(2, 12)) : 0;
    return plan;
}

std::string describe(const Plan& plan) {
    static constexpr const char* kSlow[] = {"disconnect", "gap", "conflate"};
    return "seed " + std::to_string(plan.seed) + ": " + std::to_string(plan.loops) + " loops, " +
           (plan.durable ? "durable" : "memory") + " journal, retention " + std::to_string(plan.retention.entries) +
           " entries, slow readers " + kSlow[static_cast<int>(plan.settings.slow_reader)] + ", " +
           (plan.mixed_modes                      ? "mixed modes"
            : plan.mode == protocol::Mode::mirror ? "mirror"
                                                  : "standby") +
           ", " + std::to_string(plan.players) + " players, limit " +
           std::to_string(plan.settings.connections_per_player) + ", buffer " + std::to_string(plan.buffer) +
           ", heartbeat " + std::to_string(plan.settings.heartbeat.ms()) + " ms, grace " +
           std::to_string(plan.settings.grace.ms()) + " ms" + (plan.accounts ? ", accounts" : "");
}

}  // namespace mythos::sim
