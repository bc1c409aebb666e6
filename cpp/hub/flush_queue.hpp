// The streams of one loop that wait to be written, first come first served.
//
// Not thread-safe. A stream may be put in again while the queue is worked off.
#pragma once

#include <algorithm>
#include <vector>

namespace mythos::hub {

struct Stream;

class FlushQueue {
public:
    bool empty() const { return next_ == streams_.size(); }
    std::size_t size() const { return streams_.size() - next_; }

    void push(Stream& stream) { streams_.push_back(&stream); }
    // Leaves its place empty.
    void remove(const Stream& stream) {
        const auto at = std::find(streams_.begin() + static_cast<std::ptrdiff_t>(next_), streams_.end(), &stream);
        if (at != streams_.end()) *at = nullptr;
    }
    // Null for an empty place. Precondition: not empty().
    Stream* pop() { return streams_[next_++]; }

    // Forgets the places that were taken, now and then: it moves what is left.
    void compact() {
        if (next_ * 2 < streams_.size()) return;
        streams_.erase(streams_.begin(), streams_.begin() + static_cast<std::ptrdiff_t>(next_));
        next_ = 0;
    }

private:
    std::vector<Stream*> streams_;
    std::size_t next_ = 0;
};

}  // namespace mythos::hub
