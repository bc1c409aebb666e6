#include "stats/count_windows.hpp"

#include <cassert>

namespace mythos::stats {

CountWindows::CountWindows(MonoTime start, std::span<const std::uint64_t> totals)
    : seen_(totals.begin(), totals.end()), rings_(start) {
    for (auto& sums : sums_) sums.resize(totals.size());
}

void CountWindows::tick(MonoTime now, std::span<const std::uint64_t> totals, std::uint64_t max) {
    assert(totals.size() == seen_.size());
    Change change{{}, max};
    for (std::size_t i = 0; i < totals.size(); ++i) {
        const std::uint64_t n = totals[i] - seen_[i];
        if (n == 0) continue;
        change.counts.append(i, n);
        for (auto& sums : sums_) sums[i] += n;
        seen_[i] = totals[i];
    }
    rings_.tick(now, change, [this](Window window, const Change& expired) {
        auto& sums = sums_[index_of(window)];
        expired.counts.each([&](std::size_t i, std::uint64_t n) { sums[i] -= n; });
    });
}

std::uint64_t CountWindows::max(Window window) const {
    std::uint64_t highest = 0;
    for (const auto& slot : rings_.slots(window)) highest = std::max(highest, slot.content.max);
    return highest;
}

double CountWindows::rate(Window window, std::size_t index) const {
    const double time = seconds(window);
    return time > 0 ? static_cast<double>(counts(window)[index]) / time : 0;
}

std::size_t CountWindows::memory_bytes() const {
    std::size_t bytes = sizeof(*this) + seen_.capacity() * sizeof(std::uint64_t) * (1 + kWindows.size());
    for (const Window window : kEachWindow)
        for (const auto& slot : rings_.slots(window)) bytes += sizeof(slot) + slot.content.counts.memory_bytes();
    return bytes;
}

}  // namespace mythos::stats
