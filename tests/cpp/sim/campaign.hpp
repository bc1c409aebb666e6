// Many runs by seed, their sums, and the deliberate faults that they must catch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/faults.hpp"
#include "sim/plan.hpp"

namespace mythos::sim {

struct RunResult {
    Plan plan;
    std::vector<std::string> findings;  // empty: every promise was kept
    FaultLog faults;
    std::uint64_t steps = 0;  // of the simulation
    std::uint64_t clients = 0;
    std::uint64_t connections = 0;
    std::uint64_t appended = 0;  // records in the history
    std::uint64_t applied = 0;   // entries given to applications
    std::uint64_t gaps = 0;
    std::uint64_t commands = 0;
    std::uint64_t restarts = 0;
};

RunResult run_seed(std::uint64_t seed, const Mutation& mutation = {});

struct Totals {
    FaultTotals faults;
    std::uint64_t connections = 0;
    std::uint64_t appended = 0;
    std::uint64_t applied = 0;
    std::uint64_t gaps = 0;
    std::uint64_t commands = 0;
    std::uint64_t restarts = 0;
    std::vector<std::uint64_t> failed;  // seeds

    void add(const RunResult& run);
};

// All deliberate faults by name, those of the hub, of the journal and of the client.
const std::vector<Mutation>& mutations();
std::optional<Mutation> find_mutation(const std::string& name);

// The first of the seeds `first` .. `first + runs - 1` that notices the fault, and by what.
struct Caught {
    std::uint64_t seed = 0;
    std::string by;
};
std::optional<Caught> catch_mutation(const Mutation& mutation, std::uint64_t first, std::uint64_t runs);

// CI's seeds: 1 and on, so many that at least 20,000 faulted sessions are met.
inline constexpr std::uint64_t kCiFirstSeed = 1;
inline constexpr std::uint64_t kCiRuns = 3'800;
inline constexpr std::uint64_t kCiSessionsLeast = 20'000;

}  // namespace mythos::sim
