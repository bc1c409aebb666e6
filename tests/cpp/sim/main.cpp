// mythos_sim: runs the simulation by seed, over ranges of seeds, and with deliberate faults.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iomanip>
#include <iostream>

#include "sim/campaign.hpp"
#include "sim/report.hpp"
#include "sim/trace.hpp"

namespace {

using namespace mythos::sim;

struct Options {
    std::optional<std::uint64_t> seed;
    std::uint64_t runs = 0;
    std::uint64_t first_seed = kCiFirstSeed;
    std::uint64_t sessions_min = 0;
    bool ci = false;
    unsigned share = 1;
    std::string mutant;
    bool mutants = false;
    bool list = false;
    bool keep_going = false;
    bool trace = false;
};

int replay(std::uint64_t seed, const Mutation& mutation, bool trace_it) {
    tracing = trace_it;
    const auto run = run_seed(seed, mutation);
    print_run(std::cout, run);
    return run.findings.empty() ? 0 : 1;
}

// Runs seeds until there are enough; prints each failing one as it comes.
int campaign(std::uint64_t first, std::uint64_t runs, std::uint64_t sessions_min, bool keep_going) {
    Totals totals;
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        const auto run = run_seed(seed);
        totals.add(run);
        if (run.findings.empty()) continue;
        print_run(std::cout, run);
        std::cout << "  replay: mythos_sim --seed " << seed << std::endl;
        if (!keep_going && totals.failed.size() >= 10) break;
    }
    print_pairs(std::cout, totals.faults);
    print_totals(std::cout, totals);
    if (totals.failed.empty() && totals.faults.faulted_sessions < sessions_min) {
        std::cout << "fewer faulted sessions than the " << sessions_min << " that were asked for\n";
        return 1;
    }
    return totals.failed.empty() ? 0 : 1;
}

// In a process of its own, because a deliberate fault may run into an assertion, which
// counts as noticed.
bool caught_in_child(const Mutation& mutation, std::uint64_t runs) {
    std::cout << std::left << std::setw(40) << mutation.name << std::flush;
    const pid_t child = fork();
    if (child == 0) {
        const auto caught = catch_mutation(mutation, kCiFirstSeed, runs);
        if (caught) std::cout << "seed " << caught->seed << ": " << caught->by.substr(0, 160) << std::endl;
        _exit(caught ? 0 : 1);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return false;
    if (WIFSIGNALED(status)) std::cout << "stopped by signal " << WTERMSIG(status) << std::endl;
    const bool caught = WIFSIGNALED(status) || WEXITSTATUS(status) == 0;
    if (!caught) std::cout << "NOT CAUGHT in " << runs << " runs" << std::endl;
    return caught;
}

int all_mutants(std::uint64_t runs) {
    std::size_t missed = 0;
    for (const auto& mutation : mutations()) missed += caught_in_child(mutation, runs) ? 0 : 1;
    std::cout << mutations().size() - missed << " of " << mutations().size() << " deliberate faults caught\n";
    return missed == 0 ? 0 : 1;
}

int run(const Options& options) {
    Mutation mutation;
    if (!options.mutant.empty()) {
        const auto found = find_mutation(options.mutant);
        if (!found) {
            std::cerr << "no such deliberate fault: " << options.mutant << "; --list names them\n";
            return 2;
        }
        mutation = *found;
    }
    if (options.list) {
        for (const auto& m : mutations()) std::cout << m.name << '\n';
        return 0;
    }
    if (options.mutants) return all_mutants(options.runs > 0 ? options.runs : kCiRuns);
    if (options.seed) return replay(*options.seed, mutation, options.trace);
    if (!mutation.name.empty()) return caught_in_child(mutation, options.runs > 0 ? options.runs : kCiRuns) ? 0 : 1;
    if (options.ci) return campaign(kCiFirstSeed, kCiRuns / options.share, kCiSessionsLeast / options.share, false);
    return campaign(options.first_seed, options.runs > 0 ? options.runs : 100, options.sessions_min,
                    options.keep_going);
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"Runs hub, journal and dual clients over a simulated network and clock, and lets the oracle judge."};
    app.add_option("--seed", options.seed, "replay one run, with what it was like");
    app.add_option("--runs", options.runs, "how many seeds");
    app.add_option("--first-seed", options.first_seed, "the first of them");
    app.add_option("--sessions-min", options.sessions_min, "fail if fewer sessions met a fault");
    app.add_flag("--trace", options.trace, "with --seed: print what happens, line by line");
    app.add_flag("--ci", options.ci, "CI's fixed seeds");
    app.add_option("--share", options.share, "with --ci: only one in so many of its runs")->check(CLI::PositiveNumber);
    app.add_option("--mutant", options.mutant,
                   "with one deliberate fault; succeeds if it is caught (with --seed: replays)");
    app.add_flag("--mutants", options.mutants, "every deliberate fault in turn; each must be caught by CI's seeds");
    app.add_flag("--list", options.list, "name the deliberate faults");
    app.add_flag("--keep-going", options.keep_going, "do not stop at the tenth failing seed");
    CLI11_PARSE(app, argc, argv);
    return run(options);
}
