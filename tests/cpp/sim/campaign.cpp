#include "sim/campaign.hpp"

#include <utility>

#include "sim/accounts.hpp"
#include "sim/oracle.hpp"
#include "sim/world.hpp"

namespace mythos::sim {
namespace {

Rules rules_of(const Plan& plan) {
    Rules rules;
    rules.conflate = plan.settings.slow_reader == hub::SlowReader::conflate;
    rules.caught_up_at_once = plan.settings.catch_up_bytes >= (std::size_t{256} << 10);
    rules.durable = plan.durable;
    rules.position_memory = plan.settings.position_memory;
    const bool by_count_only = plan.retention.age >= seconds(300) && plan.retention.bytes >= (std::size_t{64} << 20);
    rules.key_memory = by_count_only ? plan.retention.entries : 0;
    return rules;
}

// Only after the transcripts were judged: it ends every session.
void judge_accounts(World& world, RunResult& result) {
    if (!world.close_accounts()) {
        result.findings.push_back("counters: connections stay after their session was replaced");
        return;
    }
    std::vector<AdmittedLink> admitted;
    for (const auto& link : world.server().admitted()) {
        admitted.push_back({link->admission()->session_id, link->admission()->client_id, link->bytes_written(),
                            link->request().wire == protocol::Wire::websocket, link->request().deflate});
    }
    using stats::Counter;
    const auto& server = world.server();
    const DeliveryCounts counts{server.count(Counter::deliveries_written), server.count(Counter::deliveries_gap),
                                server.count(Counter::deliveries_conflated), server.count(Counter::deliveries_unsent)};
    for (auto& finding : check_accounts(Owed(world.history()), admitted, counts))
        result.findings.push_back(std::move(finding));
}

void judge(World& world, RunResult& result) {
    Oracle oracle(world.history(), world.contents(), rules_of(world.plan()));
    for (const auto& fault : world.server().faults()) result.findings.push_back("server: " + fault);
    oracle.check_history();
    oracle.check_contents();
    for (const auto& client : world.clients()) {
        const auto& transcript = client->transcript();
        result.connections += transcript.wires.size();
        oracle.check_client(transcript);
    }
    oracle.check_publishes(world.publishes());
    result.findings.insert(result.findings.end(), oracle.findings().begin(), oracle.findings().end());
    result.applied = oracle.applied();
    result.gaps = oracle.gaps();
    result.commands = oracle.commands();
}

std::vector<Mutation> all_mutations() {
    std::vector<Mutation> all;
    const auto hub_fault = [&](const char* name, hub::Mutant mutant) {
        if (mutant == hub::Mutant::none) return;
        Mutation m;
        m.name = name;
        if (mutant == hub::Mutant::use_a_seq_twice)
            m.journal.lose_last_at_restart = true;
        else if (mutant == hub::Mutant::deliver_before_commit)
            m.journal.visible_before_commit = true;
        else
            m.hub = mutant;
        all.push_back(std::move(m));
    };
#define MYTHOS_MUTANT(name, what) hub_fault(#name, hub::Mutant::name);
#include "hub/mutants.def"
#undef MYTHOS_MUTANT
    const auto client_fault = [&](const char* name, bool protocol::ClientFaults::*fault) {
        Mutation m;
        m.name = std::string("client_") + name;
        m.client.*fault = true;
        all.push_back(std::move(m));
    };
    using F = protocol::ClientFaults;
    client_fault("ignore_base", &F::ignore_base);
    client_fault("no_dedup", &F::no_dedup);
    client_fault("gap_not_told", &F::gap_not_told);
    client_fault("gap_told_though_covered", &F::gap_told_though_covered);
    client_fault("gap_keeps_base", &F::gap_keeps_base);
    client_fault("heartbeat_ignores_base", &F::heartbeat_ignores_base);
    client_fault("ignore_promoted_marker", &F::ignore_promoted_marker);
    client_fault("no_promote", &F::no_promote);
    client_fault("promote_from_seen", &F::promote_from_seen);
    client_fault("connect_from_seen", &F::connect_from_seen);
    client_fault("connect_without_cursor", &F::connect_without_cursor);
    client_fault("keep_other_epoch", &F::keep_other_epoch);
    client_fault("drop_held", &F::drop_held);
    client_fault("ack_ahead", &F::ack_ahead);
    client_fault("forget_on_wire_death", &F::forget_on_wire_death);
    client_fault("new_id_on_resend", &F::new_id_on_resend);
    client_fault("resend_into_new_session", &F::resend_into_new_session);
    return all;
}

}  // namespace

RunResult run_seed(std::uint64_t seed, const Mutation& mutation) {
    RunResult result;
    result.plan = draw_plan(seed, mutation);
    hub::active_mutant = mutation.hub;
    {
        World world(result.plan);
        if (!world.run())
            for (const auto& what : world.still_waiting()) result.findings.push_back("waits for ever: " + what);
        judge(world, result);
        if (result.plan.accounts && result.findings.empty()) judge_accounts(world, result);
        result.faults = world.faults();
        result.steps = world.agenda().steps();
        result.clients = world.clients().size();
        result.restarts = static_cast<std::uint64_t>(world.server().life()) - 1;
        for (const auto& [name, epoch] : world.history().epochs()) result.appended += epoch.items.size();
    }
    hub::active_mutant = hub::Mutant::none;
    return result;
}

void Totals::add(const RunResult& run) {
    faults.add(run.faults);
    connections += run.connections;
    appended += run.appended;
    applied += run.applied;
    gaps += run.gaps;
    commands += run.commands;
    restarts += run.restarts;
    if (!run.findings.empty()) failed.push_back(run.plan.seed);
}

const std::vector<Mutation>& mutations() {
    static const std::vector<Mutation> all = all_mutations();
    return all;
}

std::optional<Mutation> find_mutation(const std::string& name) {
    for (const auto& m : mutations())
        if (m.name == name) return m;
    return std::nullopt;
}

std::optional<Caught> catch_mutation(const Mutation& mutation, std::uint64_t first, std::uint64_t runs) {
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        const auto run = run_seed(seed, mutation);
        if (!run.findings.empty()) return Caught{seed, run.findings.front()};
    }
    return std::nullopt;
}

}  // namespace mythos::sim
