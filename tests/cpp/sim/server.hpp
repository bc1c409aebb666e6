// The simulated server: one process after another, each with its node, loops and journal.
//
// A crash destroys the process between two actions; what its journal committed is on the
// Disk and is there for the next one. HTTP requests are made here too: they reach a loop
// after a delay, and their answers come back after another, or never.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "hub/loop_core.hpp"
#include "hub/node.hpp"
#include "sim/history.hpp"
#include "sim/loop.hpp"
#include "sim/plan.hpp"
#include "sim/recording_journal.hpp"
#include "sim/sim_journal.hpp"

namespace mythos::sim {

class Server {
public:
    Server(Agenda& agenda, ManualClock& clock, History& history, const Plan& plan, Rng rng);
    ~Server();

    // Begins a process on what the last one left.
    void boot();
    // Ends it at once. `tell`: the peers' kernels hear of it.
    void crash(bool tell);
    // Tells all loops to drain; `drained` says when nobody is left.
    void drain(Duration spread);
    bool drained() const;
    // Ends it in order: what was appended is committed.
    void stop();

    bool up() const { return node_ != nullptr; }
    bool draining() const { return draining_; }
    int life() const { return life_; }
    std::vector<std::shared_ptr<Loop>>& loops() { return loops_; }
    std::shared_ptr<Loop> any_loop();
    void stall_commits(MonoTime until);
    std::uint64_t first_retained() const { return loops_.empty() ? 0 : loops_.front()->first_retained(); }
    std::uint64_t count(stats::Counter counter) const { return node_ ? node_->count(counter) : 0; }
    const std::string& epoch() const { return epoch_; }

    // Every connection that any loop of this process holds.
    std::vector<std::shared_ptr<Link>> links() const;

    using Ask = std::function<void(hub::LoopCore&, MonoTime, hub::AnswerTo)>;
    // Null: no answer will come.
    using Answered = std::function<void(const hub::Answer*)>;
    // `lose_answer`: the request is handled, the asker hears nothing.
    void request(Ask ask, Answered answered, bool lose_answer = false);

    // Connections let in by this process, in order; kept only where the plan asks for accounts.
    const std::vector<std::shared_ptr<Link>>& admitted() const { return admitted_; }

    // Rules that can only be seen while they are broken; the texts of what broke them.
    const std::vector<std::string>& faults() const { return faults_; }

private:
    struct Call {
        Answered answered;
        bool over = false;
    };
    void finish(const std::shared_ptr<Call>& call, const hub::Answer* answer, Duration delay);
    void saw(const Item& item);
    void note_admitted(Link& link);
    void end_process(bool tell);
    void make_journal();

    Agenda& agenda_;
    CreepingClock clock_;
    History& history_;
    const Plan& plan_;
    Rng rng_;
    Disk disk_;
    int life_ = 0;
    std::string epoch_;
    bool draining_ = false;
    std::unique_ptr<journal::Journal> inner_;
    SimJournal* durable_ = nullptr;  // inner_, where it is one
    std::unique_ptr<RecordingJournal> journal_;
    std::unique_ptr<hub::Node> node_;
    std::vector<std::shared_ptr<Loop>> loops_;
    std::vector<std::shared_ptr<Call>> calls_;
    std::set<std::string> replaced_;  // sessions whose end as replaced was appended in this process
    std::vector<std::shared_ptr<Link>> admitted_;
    std::vector<std::string> faults_;
};

}  // namespace mythos::sim
