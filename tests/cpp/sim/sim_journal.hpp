// A durable journal in a world without disks: commits come late and in order, the
// process may die between append and commit, and what was committed is there again.
//
// `Disk` is what survives; a SimJournal is one process's use of it. An append commits
// whole or not at all, as one transaction; checkpoints commit in the order of the appends.
// Not thread-safe: commits happen on the simulator's thread, between other actions.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "journal/journal.hpp"
#include "sim/agenda.hpp"
#include "sim/rng.hpp"

namespace mythos::sim {

struct Disk {
    std::string epoch;
    Seq head = 0;
    std::deque<journal::Recovered::Kept> records;  // what the retention or the checkpoint still needs
    std::optional<std::string> checkpoint;
    Seq checkpoint_at = 0;
};

struct CommitPace {
    Duration least;
    Duration most;
    std::size_t checkpoint_every = 32;
};

// Deliberate faults of the journal itself (see hub/mutants.def).
struct JournalFaults {
    bool visible_before_commit = false;
    bool lose_last_at_restart = false;
};

class SimJournal final : public journal::Journal {
public:
    // Opens the disk as it is. `agenda` and `disk` outlive the journal.
    SimJournal(Agenda& agenda, Disk& disk, journal::Retention retention, CommitPace pace, JournalFaults faults,
               Rng rng);

    const std::string& epoch() const override { return disk_.epoch; }
    journal::Ring& ring() override { return ring_; }
    Seq appended() const override { return appended_; }
    void append(std::vector<journal::Draft> drafts, MonoTime now) override;
    void checkpoint(std::string state) override;
    std::size_t checkpoint_every() const override { return pace_.checkpoint_every; }
    journal::Recovered recover() override;
    void refill(std::vector<journal::Draft> drafts, MonoTime now) override;
    void on_commit(std::function<void()> wake) override { wake_ = std::move(wake); }
    void evict(MonoTime now) override { ring_.evict(now); }

    // Nothing is committed before `until`.
    void stall(MonoTime until);

    // Commits all that waits, as a process does that ends in order.
    void flush();

    // What would be there after a crash right now.
    Seq committed() const { return disk_.head; }

private:
    struct Batch {
        std::vector<journal::Draft> drafts;
    };
    struct Checkpoint {
        std::string state;
        Seq at;
    };
    struct Pending {
        MonoTime due;
        std::variant<Batch, Checkpoint> what;
    };

    void enter(std::variant<Batch, Checkpoint> what);
    void commit_due();
    void commit(Pending pending);
    void store(const std::vector<journal::Draft>& drafts);
    void trim();

    Agenda& agenda_;
    Disk& disk_;
    journal::Ring ring_;
    CommitPace pace_;
    JournalFaults faults_;
    Rng rng_;
    Seq appended_;
    MonoTime last_due_;
    std::deque<Pending> pending_;
    std::function<void()> wake_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for actions that outlive this process
};

}  // namespace mythos::sim
