// Counts by index, of which most are 0, in few bytes: how the slots of the windows keep them.
//
// Each count that is not 0 takes the distance to the index before and the number, 7 bits a byte: 2 to 4 bytes for what
// a histogram counts in a second or an hour. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mythos::stats {

class CompactCounts {
public:
    // Precondition: `index` is above all that are in here; n > 0.
    void append(std::size_t index, std::uint64_t n);

    // Adds another one's counts, modulo 2^64.
    void merge(const CompactCounts& other);

    // Calls `visit(index, n)` in ascending order.
    template <class Visit>
    void each(Visit&& visit) const {
        for (Cursor at{bytes_}; at.next();) visit(at.index, at.n);
    }

    bool empty() const { return bytes_.empty(); }
    // Gives back what it holds in reserve.
    void shrink() { bytes_.shrink_to_fit(); }
    std::size_t memory_bytes() const { return bytes_.capacity(); }

private:
    struct Cursor {
        std::span<const std::uint8_t> rest;
        std::size_t index = 0;
        std::uint64_t n = 0;
        bool next();
        std::uint64_t number();
    };
    void put(std::uint64_t number);

    std::vector<std::uint8_t> bytes_;
    std::size_t next_ = 0;  // indices below it are taken
};

}  // namespace mythos::stats
