#include "hub/survey_shard.hpp"

#include <bit>

namespace mythos::hub {

namespace {

using Numbers = std::array<std::uint64_t, sizeof(SurveySums) / sizeof(std::uint64_t)>;

}  // namespace

void SurveySums::add(const SurveySums& other) {
    auto mine = std::bit_cast<Numbers>(*this);
    const auto others = std::bit_cast<Numbers>(other);
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i] += others[i];
    *this = std::bit_cast<SurveySums>(mine);
}

void SurveyShard::set(const SurveySums& sums) {
    const auto numbers = std::bit_cast<Numbers>(sums);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers_[i].store(numbers[i], std::memory_order_relaxed);
}

SurveySums SurveyShard::read() const {
    Numbers numbers;
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = numbers_[i].load(std::memory_order_relaxed);
    return std::bit_cast<SurveySums>(numbers);
}

double health_percent(std::uint64_t healthy, std::uint64_t unhealthy) {
    const auto all = healthy + unhealthy;
    return all == 0 ? 100 : 100 * static_cast<double>(healthy) / static_cast<double>(all);
}

}  // namespace mythos::hub
