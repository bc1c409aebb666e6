#include "sim/sim_journal.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace mythos::sim {
namespace {

Seq first_of(const Disk& disk) { return disk.records.empty() ? disk.head + 1 : disk.records.front().seq; }

Disk& after_faults(Disk& disk, const JournalFaults& faults) {
    if (faults.lose_last_at_restart && !disk.records.empty() && disk.head > disk.checkpoint_at) {
        disk.records.pop_back();
        --disk.head;
    }
    return disk;
}

}  // namespace

SimJournal::SimJournal(Agenda& agenda, Disk& disk, journal::Retention retention, CommitPace pace, JournalFaults faults,
                       Rng rng)
    : agenda_(agenda),
      disk_(after_faults(disk, faults)),
      ring_(retention, first_of(disk)),
      pace_(pace),
      faults_(faults),
      rng_(rng),
      appended_(disk.head) {}

void SimJournal::append(std::vector<journal::Draft> drafts, MonoTime now) {
    const Seq first = appended_ + 1;
    appended_ += drafts.size();
    if (faults_.visible_before_commit) {
        ring_.publish(journal::make_entries(disk_.epoch, first, now, drafts), now);
        if (wake_) wake_();
    }
    enter(Batch{std::move(drafts)});
}

void SimJournal::checkpoint(std::string state) { enter(Checkpoint{std::move(state), appended_}); }

void SimJournal::enter(std::variant<Batch, Checkpoint> what) {
    const MonoTime due = std::max(last_due_, agenda_.now() + rng_.between(pace_.least, pace_.most));
    last_due_ = due;
    pending_.push_back({due, std::move(what)});
    agenda_.at(due, [this, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) commit_due();
    });
}

void SimJournal::stall(MonoTime until) {
    last_due_ = std::max(last_due_, until);
    for (auto& p : pending_) p.due = std::max(p.due, until);
    agenda_.at(last_due_, [this, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) commit_due();
    });
}

void SimJournal::commit_due() {
    bool any = false;
    while (!pending_.empty() && pending_.front().due <= agenda_.now()) {
        Pending next = std::move(pending_.front());
        pending_.pop_front();
        commit(std::move(next));
        any = true;
    }
    if (any && wake_) wake_();
}

void SimJournal::flush() {
    for (auto& p : pending_) p.due = agenda_.now();
    commit_due();
}

void SimJournal::commit(Pending pending) {
    if (auto* batch = std::get_if<Batch>(&pending.what)) {
        const Seq first = disk_.head + 1;
        store(batch->drafts);
        if (!faults_.visible_before_commit)
            ring_.publish(journal::make_entries(disk_.epoch, first, agenda_.now(), std::move(batch->drafts)),
                          agenda_.now());
    } else {
        auto& checkpoint = std::get<Checkpoint>(pending.what);
        assert(checkpoint.at == disk_.head);
        disk_.checkpoint = std::move(checkpoint.state);
        disk_.checkpoint_at = checkpoint.at;
    }
    trim();
}

void SimJournal::store(const std::vector<journal::Draft>& drafts) {
    for (const auto& draft : drafts) disk_.records.push_back({++disk_.head, draft.record});
}

// What neither the window nor the checkpoint needs any more.
void SimJournal::trim() {
    const Seq keep = std::min(ring_.first(), disk_.checkpoint_at + 1);
    while (!disk_.records.empty() && disk_.records.front().seq < keep) disk_.records.pop_front();
}

journal::Recovered SimJournal::recover() {
    journal::Recovered out;
    out.checkpoint = disk_.checkpoint;
    out.checkpoint_at = disk_.checkpoint_at;
    out.records.assign(disk_.records.begin(), disk_.records.end());
    return out;
}

void SimJournal::refill(std::vector<journal::Draft> drafts, MonoTime now) {
    assert(drafts.size() == disk_.records.size());
    ring_.publish(journal::make_entries(disk_.epoch, ring_.head() + 1, now, std::move(drafts)), now);
    assert(ring_.head() == disk_.head);
}

}  // namespace mythos::sim
