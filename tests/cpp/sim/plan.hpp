// What one run is like: how large, how the server is configured, how rough the weather.
// Everything is drawn from the seed. Plain data.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "hub/mutants.hpp"
#include "hub/settings.hpp"
#include "journal/ring.hpp"
#include "protocol/client_config.hpp"
#include "sim/sim_journal.hpp"

namespace mythos::sim {

// A deliberate fault of hub, journal or client; at most one is on.
struct Mutation {
    std::string name;  // empty: none
    hub::Mutant hub = hub::Mutant::none;
    JournalFaults journal;
    protocol::ClientFaults client;
};

struct Plan {
    std::uint64_t seed = 0;
    std::uint32_t loops = 2;
    bool durable = false;
    CommitPace commit_pace;
    journal::Retention retention;
    hub::Settings settings;
    unsigned players = 3;
    unsigned channels = 4;
    protocol::Mode mode = protocol::Mode::mirror;
    bool mixed_modes = false;
    bool keys = false;  // some messages carry a conflation key
    bool deflate = false;
    unsigned padding = 0;         // bytes added to some messages' data
    std::size_t buffer = 65'536;  // of a connection
    unsigned short_writes = 0;    // percent
    Duration length;              // of the faulted part
    Duration publish_every;       // mean
    Duration act_every;
    Duration fault_every;
    bool accounts = false;  // nothing is forgotten, so that the delivery counters must add up
    unsigned restarts = 0;  // percent of the drawn faults that are server restarts
    Mutation mutation;
};

Plan draw_plan(std::uint64_t seed, const Mutation& mutation);
std::string describe(const Plan& plan);

}  // namespace mythos::sim
