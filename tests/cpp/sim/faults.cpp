#include "sim/faults.hpp"

#include <iterator>

namespace mythos::sim {

std::string_view fault_name(Fault fault) {
    static constexpr std::string_view kNames[] = {"reset",
                                                  "cut_server_blind",
                                                  "cut_client_blind",
                                                  "black_hole",
                                                  "polite_close",
                                                  "delay",
                                                  "wire_behind",
                                                  "late_connect",
                                                  "wire_blocked",
                                                  "all_cut",
                                                  "away_past_grace",
                                                  "slow_reader",
                                                  "reader_stops",
                                                  "short_writes",
                                                  "retention_overrun",
                                                  "second_tab",
                                                  "no_client_id",
                                                  "program_restart",
                                                  "racing_connects",
                                                  "session_replaced",
                                                  "displaced",
                                                  "subscribe_cut",
                                                  "command_cut",
                                                  "post_lost",
                                                  "publish_repeated",
                                                  "foreign_cursor",
                                                  "kicked",
                                                  "loop_held",
                                                  "commit_stalled",
                                                  "crash_with_journal",
                                                  "crash_without_journal",
                                                  "drain_restart"};
    static_assert(std::size(kNames) == kFaults);
    return kNames[static_cast<std::size_t>(fault)];
}

void FaultLog::note(Fault fault, const std::string& session) {
    const auto index = static_cast<std::size_t>(fault);
    ++counts_[index];
    met_.set(index);
    mark(fault, session);
}

void FaultLog::mark(Fault fault, const std::string& session) {
    if (!session.empty()) sessions_[session].set(static_cast<std::size_t>(fault));
}

void FaultTotals::add(const FaultLog& log) {
    ++runs;
    faulted_sessions += log.sessions().size();
    for (std::size_t i = 0; i < kFaults; ++i) {
        counts[i] += log.counts()[i];
        if (!log.met().test(i)) continue;
        for (std::size_t j = 0; j < kFaults; ++j) pairs[i][j] += log.met().test(j) ? 1 : 0;
    }
}

std::size_t FaultTotals::pairs_met() const {
    std::size_t met = 0;
    for (std::size_t i = 0; i < kFaults; ++i)
        for (std::size_t j = i + 1; j < kFaults; ++j) met += pairs[i][j] > 0 ? 1 : 0;
    return met;
}

}  // namespace mythos::sim
