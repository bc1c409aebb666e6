#include "stats/compact_counts.hpp"

#include <cassert>

namespace mythos::stats {

std::uint64_t CompactCounts::Cursor::number() {
    std::uint64_t value = 0;
    for (std::size_t i = 0;; ++i) {
        value |= static_cast<std::uint64_t>(rest[i] & 127) << (7 * i);
        if (rest[i] < 128) {
            rest = rest.subspan(i + 1);
            return value;
        }
    }
}

bool CompactCounts::Cursor::next() {
    if (rest.empty()) return false;
    // The first index as it is, each other one as what lies between it and the one before.
    index += number() + (n != 0);
    n = number();
    return true;
}

void CompactCounts::put(std::uint64_t number) {
    for (; number >= 128; number >>= 7) bytes_.push_back(static_cast<std::uint8_t>(number | 128));
    bytes_.push_back(static_cast<std::uint8_t>(number));
}

void CompactCounts::append(std::size_t index, std::uint64_t n) {
    assert(index >= next_ && n > 0);
    put(index - next_);
    put(n);
    next_ = index + 1;
}

void CompactCounts::merge(const CompactCounts& other) {
    if (other.empty()) return;
    CompactCounts merged;
    merged.bytes_.reserve(bytes_.size() + other.bytes_.size());
    Cursor mine{bytes_}, theirs{other.bytes_};
    bool more = mine.next(), more_theirs = theirs.next();
    while (more || more_theirs) {
        const bool take = more && (!more_theirs || mine.index <= theirs.index);
        const bool take_theirs = more_theirs && (!more || theirs.index <= mine.index);
        const std::size_t index = take ? mine.index : theirs.index;
        const std::uint64_t n = (take ? mine.n : 0) + (take_theirs ? theirs.n : 0);
        if (n > 0) merged.append(index, n);
        if (take) more = mine.next();
        if (take_theirs) more_theirs = theirs.next();
    }
    *this = std::move(merged);
}

}  // namespace mythos::stats
