// One loop of a simulated server process: a LoopCore, the events that wait for it, and
// turns at moments that the simulator chooses.
//
// Events that arrive while the loop is held wait, as they would in the kernel. A loop
// that died drops what is posted to it. Kept alive by its links. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "hub/loop_core.hpp"
#include "journal/journal.hpp"
#include "sim/agenda.hpp"
#include "sim/link.hpp"
#include "sim/rng.hpp"

namespace mythos::sim {

// A clock that goes on by a little at each look, so that a turn can outlast its budget.
class CreepingClock final : public Clock {
public:
    explicit CreepingClock(ManualClock& clock) : clock_(clock) {}
    MonoTime mono() const override {
        if (creep_.ns > 0) clock_.advance(creep_);
        return clock_.mono();
    }
    WallTime wall() const override { return clock_.wall(); }
    void set_creep(Duration creep) { creep_ = creep; }

private:
    ManualClock& clock_;
    Duration creep_;
};

class Loop final : public std::enable_shared_from_this<Loop> {
public:
    using Event = std::function<void(hub::LoopCore&, MonoTime)>;

    Loop(Agenda& agenda, CreepingClock& clock, Rng rng, hub::Node& node, journal::Journal& journal, std::uint32_t index,
         int life);

    // An event of this loop: handled at the beginning of a turn soon.
    void post(Event event);
    void wake();
    // No turn before `until`.
    void hold(MonoTime until);
    // How much the clock goes on at each look during a turn; makes turns run out of budget.
    void set_creep(Duration creep) { creep_ = creep; }

    // The process is gone. Outlets stay until the core is destroyed.
    void die();
    bool dead() const { return core_ == nullptr; }

    void hold_link(std::shared_ptr<Link> link) { links_.push_back(std::move(link)); }
    void let_go(Link& link);
    std::vector<std::shared_ptr<Link>>& links() { return links_; }

    // Tells the server of a connection that asks to be let in, and of one that was.
    void on_link(std::function<void(Link&)> opening, std::function<void(Link&)> admitted) {
        hear_opening_ = std::move(opening);
        hear_admitted_ = std::move(admitted);
    }
    void note_opening(Link& link) {
        if (hear_opening_) hear_opening_(link);
    }
    void note_admitted(Link& link) {
        if (hear_admitted_) hear_admitted_(link);
    }

    // Of this process's journal; 0 when it is dead.
    std::uint64_t committed_head() const { return dead() ? 0 : journal_.ring().head(); }
    std::uint64_t first_retained() const { return dead() ? 0 : journal_.ring().first(); }
    std::size_t connections() const { return core_ ? core_->connections() : 0; }
    std::uint32_t index() const { return index_; }
    int life() const { return life_; }
    std::uint64_t turns() const { return turns_; }

private:
    void turn_at(MonoTime when);
    void turn();

    Agenda& agenda_;
    CreepingClock& clock_;
    Rng rng_;
    journal::Journal& journal_;
    std::uint32_t index_;
    int life_;
    std::unique_ptr<hub::LoopCore> core_;
    std::vector<Event> events_;
    std::vector<std::shared_ptr<Link>> links_;
    std::vector<std::shared_ptr<Link>> let_go_;
    std::function<void(Link&)> hear_opening_;
    std::function<void(Link&)> hear_admitted_;
    MonoTime next_turn_{-1};
    std::uint64_t turn_number_ = 0;  // of the turn that is on the agenda
    MonoTime held_until_;
    Duration creep_;
    std::uint64_t turns_ = 0;
};

}  // namespace mythos::sim
