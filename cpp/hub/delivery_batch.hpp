// What one write is made of. Internal to Delivery.
#pragma once

#include <vector>

#include "base/limits.hpp"
#include "hub/delivery.hpp"

namespace mythos::hub {

struct Delivery::Item {
    const journal::Entry* entry;  // null for one that was conflated away
    Seq seq;
    std::size_t end;  // where its frame ends in the write
    std::string_view frame;
};

// The pieces of one write: the tail, the control bytes, then entries, then the replies that stand behind these.
struct Delivery::Batch {
    iovec pieces[kPiecesMax + 1];  // one for the replies
    int count = 0;
    std::size_t bytes = 0;
    std::size_t head_bytes = 0;     // tail and control
    std::size_t replies_bytes = 0;  // at the end
    std::vector<Item> items;
    std::size_t conflated = 0;  // of the items
    bool complete = false;      // nothing owed is left behind it

    void add(std::string_view text) {
        // Frames of one batch lie side by side in memory: one piece serves them all.
        if (count > 0 &&
            static_cast<const char*>(pieces[count - 1].iov_base) + pieces[count - 1].iov_len == text.data()) {
            pieces[count - 1].iov_len += text.size();
        } else {
            pieces[count++] = {const_cast<char*>(text.data()), text.size()};
        }
        bytes += text.size();
    }
    bool full() const { return count == kPiecesMax; }
};

}  // namespace mythos::hub
