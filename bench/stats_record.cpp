// What it costs to record a latency: in a histogram of the product's, one value and a weighted one, beside the
// histogram of prometheus-cpp with the same edges, all in one run, from one thread and from two.
//
// Two threads write two shards here, and one histogram there: that is how each is meant to be used. Shown is the
// fastest of several repetitions, in nanoseconds of one thread's CPU time. Exit status 1 where a record costs more than
// the bound.
#include <benchmark/benchmark.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "stats/histogram_shard.hpp"

namespace {

using mythos::stats::Edges;
using mythos::stats::HistogramShard;

constexpr double kBoundNs = 10;

// Latencies of some 100 us, spread over two powers of ten. A power of two of them, so that going round costs no
// division.
const std::array<std::uint64_t, 4'096>& values() {
    static const auto made = [] {
        std::array<std::uint64_t, 4'096> all{};
        std::mt19937_64 random(1);
        std::lognormal_distribution<double> spread(11.5, 1);
        for (auto& value : all) value = static_cast<std::uint64_t>(spread(random));
        return all;
    }();
    return made;
}

template <class Record>
void run(benchmark::State& state, Record&& record) {
    const auto& all = values();
    std::size_t next = 0;
    for (auto _ : state) {
        record(all[next]);
        next = (next + 1) % all.size();
    }
}

// Threads of one benchmark differ in their index.
HistogramShard& shard_of(const benchmark::State& state) {
    static const std::array<std::unique_ptr<HistogramShard>, 2> shards = {std::make_unique<HistogramShard>(),
                                                                          std::make_unique<HistogramShard>()};
    return *shards[static_cast<std::size_t>(state.thread_index())];
}

prometheus::Histogram& shared_histogram() {
    static const auto histogram = [] {
        std::vector<double> edges;
        for (const std::uint64_t edge : Edges::durations().upper()) edges.push_back(static_cast<double>(edge) / 1e9);
        return std::make_unique<prometheus::Histogram>(edges);
    }();
    return *histogram;
}

void record(benchmark::State& state) {
    HistogramShard& shard = shard_of(state);
    run(state, [&shard](std::uint64_t value) { shard.record(value); });
}

void record_weighted(benchmark::State& state) {
    HistogramShard& shard = shard_of(state);
    run(state, [&shard](std::uint64_t value) { shard.record(value, 16); });
}

void prometheus_observe(benchmark::State& state) {
    prometheus::Histogram& histogram = shared_histogram();
    run(state, [&histogram](std::uint64_t value) { histogram.Observe(static_cast<double>(value) / 1e9); });
}

BENCHMARK(record)->ThreadRange(1, 2);
BENCHMARK(record_weighted)->ThreadRange(1, 2);
BENCHMARK(prometheus_observe)->ThreadRange(1, 2);

// Prints as usual, and remembers the fastest repetition of each.
class Fastest : public benchmark::ConsoleReporter {
public:
    Fastest() : ConsoleReporter(OO_Tabular) {}
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& one : runs) {
            if (one.run_type != Run::RT_Iteration) continue;
            const std::string name = one.run_name.function_name + ", threads " + std::to_string(one.threads);
            const double ns = one.cpu_accumulated_time * 1e9 / static_cast<double>(one.iterations);
            double& fastest = fastest_.try_emplace(name, ns).first->second;
            fastest = std::min(fastest, ns);
        }
        ConsoleReporter::ReportRuns(runs);
    }
    double of(const std::string& name, int threads) const {
        return fastest_.at(name + ", threads " + std::to_string(threads));
    }

private:
    std::map<std::string, double> fastest_;
};

// False: a bound is missed.
bool tell(const Fastest& fastest) {
    bool held = true;
    for (const int threads : {1, 2}) {
        const double other = fastest.of("prometheus_observe", threads);
        for (const char* name : {"record", "record_weighted"}) {
            const double ns = fastest.of(name, threads);
            held = held && ns <= kBoundNs;
            std::printf("%-16s %d thread%s %6.2f ns   prometheus-cpp %7.2f ns   ratio %.3f   bound %.0f ns: %s\n", name,
                        threads, threads == 1 ? " " : "s", ns, other, ns / other, kBoundNs,
                        ns <= kBoundNs ? "held" : "NOT held");
        }
    }
    return held;
}

}  // namespace

int main(int argc, char** argv) {
    std::string repetitions = "--benchmark_repetitions=5", shortest = "--benchmark_min_time=0.1";
    std::vector<char*> arguments = {argv[0], repetitions.data(), shortest.data()};
    arguments.insert(arguments.end(), argv + 1, argv + argc);  // what is given last counts
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
    Fastest fastest;
    benchmark::RunSpecifiedBenchmarks(&fastest);
    benchmark::Shutdown();
    return tell(fastest) ? 0 : 1;
}
