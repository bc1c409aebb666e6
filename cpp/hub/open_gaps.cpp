#include "hub/open_gaps.hpp"

#include <algorithm>

namespace mythos::hub {

void OpenGaps::tell(const Range& range) {
    Range whole = range;
    std::erase_if(told_, [&](const Range& other) {
        if (other.upto < whole.after || whole.upto < other.after) return false;
        if (other.after < whole.after) whole.after = other.after, whole.owed_after = other.owed_after;
        if (other.upto > whole.upto) whole.upto = other.upto, whole.owed_upto = other.owed_upto;
        return true;
    });
    const auto at = std::find_if(told_.begin(), told_.end(), [&](const Range& r) { return r.after > whole.after; });
    told_.insert(at, whole);
    highest_ = std::max(highest_, whole.upto);
}

std::vector<Seq> OpenGaps::take(std::span<const Seq> positions, Seq upto) {
    std::vector<Seq> made;
    for (const Seq seq : positions)
        if (seq > from_ && !std::binary_search(handed_.begin(), handed_.end(), seq)) made.push_back(seq);
    const auto before = static_cast<std::ptrdiff_t>(handed_.size());
    handed_.insert(handed_.end(), made.begin(), made.end());
    std::inplace_merge(handed_.begin(), handed_.begin() + before, handed_.end());
    highest_ = std::max(highest_, upto);
    return made;
}

std::uint64_t OpenGaps::settle(Seq upto) {
    std::uint64_t missing = 0;
    while (!told_.empty() && told_.front().upto <= upto) {
        const Range& gap = told_.front();
        const auto begin = std::upper_bound(handed_.begin(), handed_.end(), gap.after);
        const auto end = std::upper_bound(begin, handed_.end(), gap.upto);
        const auto owed = gap.owed_upto - gap.owed_after;
        missing += owed - std::min(owed, static_cast<std::uint64_t>(end - begin));
        told_.erase(told_.begin());
    }
    return missing;
}

}  // namespace mythos::hub
