#include "sim/loop.hpp"

#include <algorithm>
#include <utility>

namespace mythos::sim {

Loop::Loop(Agenda& agenda, CreepingClock& clock, Rng rng, hub::Node& node, journal::Journal& journal,
           std::uint32_t index, int life)
    : agenda_(agenda),
      clock_(clock),
      rng_(rng),
      journal_(journal),
      index_(index),
      life_(life),
      core_(std::make_unique<hub::LoopCore>(node, index)) {}

void Loop::post(Event event) {
    if (dead()) return;
    events_.push_back(std::move(event));
    wake();
}

// Ready events are found within a fraction of a millisecond, not at once: what order two
// loops take is the simulator's to draw.
void Loop::wake() {
    if (!dead()) turn_at(agenda_.now() + microseconds(static_cast<std::int64_t>(rng_.between(1, 200))));
}

void Loop::hold(MonoTime until) { held_until_ = std::max(held_until_, until); }

void Loop::turn_at(MonoTime when) {
    when = std::max(when, held_until_);
    if (next_turn_ >= agenda_.now() && next_turn_ <= when) return;
    next_turn_ = when;
    agenda_.at(when, [self = shared_from_this(), number = ++turn_number_] {
        if (number == self->turn_number_ && !self->dead()) self->turn();
    });
}

void Loop::turn() {
    if (agenda_.now() < held_until_) {
        next_turn_ = MonoTime{-1};
        return turn_at(held_until_);
    }
    next_turn_ = MonoTime{-1};
    ++turns_;
    clock_.set_creep(creep_);
    // An event may post another one; that waits for the next turn.
    for (auto& event : std::exchange(events_, {})) event(*core_, agenda_.now());
    const bool more = core_->turn(clock_);
    clock_.set_creep({});
    let_go_.clear();
    if (more || !events_.empty())
        turn_at(agenda_.now() + microseconds(static_cast<std::int64_t>(rng_.between(1, 50))));
    else
        turn_at(std::max(core_->next_deadline(), agenda_.now() + microseconds(50)));
}

void Loop::die() {
    core_.reset();
    events_.clear();
    let_go_.clear();
    hear_opening_ = nullptr;
    hear_admitted_ = nullptr;
}

void Loop::let_go(Link& link) {
    const auto it = std::find_if(links_.begin(), links_.end(), [&](const auto& l) { return l.get() == &link; });
    if (it == links_.end()) return;
    // The core may still be in the middle of it: it stays until the turn is over.
    let_go_.push_back(std::move(*it));
    links_.erase(it);
}

}  // namespace mythos::sim
