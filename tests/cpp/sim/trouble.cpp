#include "sim/trouble.hpp"

#include <iterator>

namespace mythos::sim {

const Trouble::Choice Trouble::kChoices[] = {
    {30, &Trouble::cut},
    {8, &Trouble::delay},
    {5, &Trouble::wire_behind},
    {4, &Trouble::late_connect},
    {6, &Trouble::wire_blocked},
    {6, &Trouble::all_cut},
    {3, &Trouble::away_past_grace},
    {8, &Trouble::reader},
    {8, &Trouble::overrun},
    {8, &Trouble::subscribe_cut},
    {8, &Trouble::command_cut},
    {5, &Trouble::post_lost},
    {4, &Trouble::second_tab},
    {2, &Trouble::no_client_id},
    {4, &Trouble::program_restart},
    {2, &Trouble::racing_connects},
    {4, &Trouble::session_replaced},
    {2, &Trouble::displaced},
    {1, &Trouble::foreign_cursor},
    {1, &Trouble::kicked},
    {4, &Trouble::publish_repeated},
    {5, &Trouble::loop_held},
    {4, &Trouble::commit_stalled},
};

void Trouble::begin() {
    if (rng_.chance(30)) racing_connects();
    draw_soon();
}

void Trouble::draw_soon() {
    world_.agenda().after(rng_.between({}, world_.plan().fault_every * 2), [this] {
        if (!world_.rough()) return;
        draw();
        draw_soon();
    });
}

void Trouble::draw() {
    if (rng_.chance(world_.plan().restarts)) return restart();
    unsigned total = 0;
    for (const auto& choice : kChoices) total += choice.weight;
    auto at = rng_.below(total);
    for (const auto& choice : kChoices) {
        if (at < choice.weight) return (this->*choice.what)();
        at -= choice.weight;
    }
}

void Trouble::end() {
    // A drain under way is cut short: the next process serves everybody.
    if (world_.server().up() && world_.server().draining()) world_.server().stop();
}

// ---- the server

void Trouble::loop_held() {
    if (!world_.server().up()) return;
    world_.note_for_all(Fault::loop_held);
    world_.server().any_loop()->hold(world_.agenda().now() + ms(10, 800));
}

void Trouble::commit_stalled() {
    if (!world_.plan().durable || !world_.server().up()) return;
    world_.note_for_all(Fault::commit_stalled);
    world_.server().stall_commits(world_.agenda().now() + ms(50, 1'200));
}

void Trouble::restart() {
    if (!world_.server().up() || world_.server().draining()) return;
    rng_.chance(75) ? crash() : drain_restart();
}

void Trouble::crash() {
    world_.note_for_all(world_.plan().durable ? Fault::crash_with_journal : Fault::crash_without_journal);
    // With commands and commits under way, as crashes come.
    if (rng_.chance(50)) command_cut();
    world_.agenda().after(microseconds(static_cast<std::int64_t>(rng_.between(0, 15'000))), [this] {
        if (!world_.server().up()) return;
        world_.server().crash(rng_.chance(80));
        world_.agenda().after(ms(1, rng_.chance(20) ? 3'000 : 300), [this] {
            if (!world_.server().up()) world_.server().boot();
        });
    });
}

void Trouble::drain_restart() {
    world_.note_for_all(Fault::drain_restart);
    world_.server().drain(ms(50, 500));
    wait_for_drain(world_.agenda().now() + seconds(2));
}

void Trouble::wait_for_drain(MonoTime until) {
    world_.agenda().after(milliseconds(50), [this, until] {
        auto& server = world_.server();
        if (!server.up() || !server.draining()) return;
        if (!server.drained() && world_.agenda().now() < until) return wait_for_drain(until);
        server.stop();
        world_.agenda().after(ms(1, 100), [this] {
            if (!world_.server().up()) world_.server().boot();
        });
    });
}

}  // namespace mythos::sim
