// What goes wrong: draws faults from the run's randomness and does them.
//
// Each kind is one method; the table in trouble.cpp says how often each is drawn. Faults
// overlap as they come, which is the point. Not thread-safe; the world outlives it.
#pragma once

#include "sim/world.hpp"

namespace mythos::sim {

class Trouble {
public:
    explicit Trouble(World& world) : world_(world), rng_(world.rng().fork()) {}

    void begin();
    // The rough part is over: nothing new, and what the server was put through ends.
    void end();

private:
    using Do = void (Trouble::*)();
    struct Choice {
        unsigned weight;
        Do what;
    };
    static const Choice kChoices[];

    void draw_soon();
    void draw();

    // trouble_wires.cpp: connections
    void cut();
    void delay();
    void wire_behind();
    void late_connect();
    void wire_blocked();
    void all_cut();
    void away_past_grace();
    void reader();
    void overrun();
    void subscribe_cut();
    void command_cut();
    void post_lost();
    void cut_link(Client& client, protocol::Wire wire);

    // trouble_programs.cpp: programs and sessions
    void second_tab();
    void no_client_id();
    void program_restart();
    void racing_connects();
    void session_replaced();
    void displaced();
    void foreign_cursor();
    void kicked();
    void publish_repeated();

    // trouble.cpp: the server
    void loop_held();
    void commit_stalled();
    void restart();
    void crash();
    void drain_restart();
    void wait_for_drain(MonoTime until);

    std::shared_ptr<Client> client_with_link(protocol::Wire& wire);
    Duration ms(std::uint64_t low, std::uint64_t high) {
        return milliseconds(static_cast<std::int64_t>(rng_.between(low, high)));
    }

    World& world_;
    Rng rng_;
};

}  // namespace mythos::sim
