#include "sim/agenda.hpp"

#include <algorithm>
#include <utility>

namespace mythos::sim {

void Agenda::at(MonoTime when, Action action) {
    heap_.push_back({std::max(when, now()), entered_++, std::move(action)});
    std::push_heap(heap_.begin(), heap_.end());
}

bool Agenda::step(MonoTime until) {
    if (heap_.empty() || heap_.front().when > until) {
        if (now() < until) clock_.advance(until - now());
        return false;
    }
    std::pop_heap(heap_.begin(), heap_.end());
    Item item = std::move(heap_.back());
    heap_.pop_back();
    // A turn that took time may have moved the clock past the item already.
    if (now() < item.when) clock_.advance(item.when - now());
    ++steps_;
    item.action();
    return true;
}

}  // namespace mythos::sim
