// Gaps that one wire of a client told while its other wire may yet bring what is missing,
// and what its wires were handed meanwhile.
//
// Not thread-safe: ClientState guards it. Ranges are (after, upto], in positions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "base/limits.hpp"

namespace mythos::hub {

class OpenGaps {
public:
    // Everything up to `from` is counted already.
    explicit OpenGaps(Seq from) : highest_(from), from_(from) {}

    struct Range {
        Seq after = 0, upto = 0;
        std::uint64_t owed_after = 0, owed_upto = 0;  // entries owed up to there
    };
    void tell(const Range& range);
    // Takes note of what was handed to a wire, in order, which is complete up to `upto` now; gives those that no wire
    // was handed before.
    std::vector<Seq> take(std::span<const Seq> positions, Seq upto);
    // Ends the gaps up to `upto`: nobody fills them any more. Gives how many entries were missing.
    std::uint64_t settle(Seq upto);

    bool empty() const { return told_.empty(); }
    // More was handed over meanwhile than is worth remembering.
    bool full() const { return handed_.size() > kContestedMax; }
    // No wire was brought further.
    Seq highest() const { return highest_; }

private:
    std::vector<Range> told_;  // in order, apart from one another
    std::vector<Seq> handed_;  // above from_, in order
    Seq highest_;
    Seq from_;
};

}  // namespace mythos::hub
