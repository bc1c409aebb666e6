#include "hub/index.hpp"

#include <algorithm>

namespace mythos::hub {

std::optional<std::uint64_t> Topic::count_up_to(Seq seq) const {
    if (empty() || seq >= last()) return seq >= before_to_ ? std::optional(total()) : std::nullopt;
    if (seq < before_to_) return std::nullopt;
    return before_ + static_cast<std::uint64_t>(std::upper_bound(begin(), end(), seq) - begin());
}

void Topic::push(Seq seq, std::uint64_t ordinal) {
    if (empty()) before_ = ordinal - 1;
    if (positions_.size() == positions_.capacity() && start_ > positions_.size() / 2) {
        positions_.erase(positions_.begin(), positions_.begin() + static_cast<std::ptrdiff_t>(start_));
        start_ = 0;
    }
    positions_.push_back(seq);
}

void Topic::drop_below(Seq floor) {
    while (!empty() && positions_[start_] < floor) {
        before_to_ = positions_[start_++];
        ++before_;
    }
    if (empty() && start_ > 0) {
        positions_ = {};
        start_ = 0;
    }
}

Index::Index(Seq origin, std::size_t memory) : origin_(origin), memory_(memory) {}

Topic& Index::topic(TargetId target) {
    auto& topic = topics_[target];
    if (!topic) {
        topic = std::make_unique<Topic>();
        topic->id = target;
        topic->before_to_ = origin_;
    }
    return *topic;
}

const Topic* Index::find(TargetId target) const {
    const auto it = topics_.find(target);
    return it == topics_.end() ? nullptr : it->second.get();
}

Topic* Index::find(TargetId target) { return const_cast<Topic*>(std::as_const(*this).find(target)); }

Topic& Index::add(const journal::Entry& entry, Seq first_retained) {
    Topic& t = topic(entry.target);
    if (entry.seq > memory_) t.drop_below(std::min(first_retained, entry.seq - memory_));
    t.push(entry.seq, entry.ordinal);
    return t;
}

void Index::drop_below(Seq floor) {
    for (auto& [id, topic] : topics_) topic->drop_below(floor);
}

void Index::link(const journal::Entry& entry) {
    if (entry.key().empty()) return;
    Topic& t = topic(entry.target);
    if (!t.newest_of_key_) t.newest_of_key_ = std::make_unique<std::unordered_map<std::string, Seq>>();
    auto& newest = (*t.newest_of_key_)[std::string(entry.key())];
    if (newest != 0) later_[newest] = entry.seq;
    newest = entry.seq;
    keyed_.push_back({entry.seq, entry.target, std::string(entry.key())});
}

void Index::unlink_all() {
    for (auto& [id, topic] : topics_) topic->newest_of_key_.reset();
    later_.clear();
    keyed_.clear();
}

Seq Index::later_of_same_key(Seq seq) const {
    const auto it = later_.find(seq);
    return it == later_.end() ? 0 : it->second;
}

void Index::forget_keys_below(Seq first) {
    while (!keyed_.empty() && keyed_.front().seq < first) {
        const Keyed& oldest = keyed_.front();
        later_.erase(oldest.seq);
        if (Topic* t = find(oldest.target); t != nullptr && t->newest_of_key_) {
            const auto it = t->newest_of_key_->find(oldest.key);
            if (it != t->newest_of_key_->end() && it->second == oldest.seq) t->newest_of_key_->erase(it);
        }
        keyed_.pop_front();
    }
}

void Index::release(Topic& topic) {
    --topic.refs;
    drop_if_unused(topic);
}

void Index::forget(TargetId target) {
    if (Topic* t = find(target)) {
        t->forgotten = true;
        drop_if_unused(*t);
    }
}

void Index::drop_if_unused(Topic& topic) {
    if (topic.forgotten && topic.refs == 0) topics_.erase(topic.id);
}

}  // namespace mythos::hub
