#include "hub/player_rates.hpp"

#include <algorithm>

namespace mythos::hub {
namespace {

Duration each(const RateLimit& limit) { return {limit.window.ns / static_cast<std::int64_t>(limit.requests)}; }

}  // namespace

Duration PlayerRates::wait(const std::string& player_id, MonoTime now, const RateLimit& limit) {
    if (limit.requests == 0) return {};
    const auto found = full_at_.find(player_id);
    if (found == full_at_.end()) return full_at_.size() < kPlayersMax ? Duration{} : limit.window;
    // Never more than a window, however long it was when the player asked.
    found->second = std::min(found->second, now + limit.window);
    return std::max(Duration{}, found->second - now + each(limit) - limit.window);
}

Duration PlayerRates::take(const std::string& player_id, MonoTime now, const RateLimit& limit) {
    if (limit.requests == 0) return {};
    if (full_at_.size() >= sweep_at_) {
        std::erase_if(full_at_, [now](const auto& player) { return player.second <= now; });
        sweep_at_ = std::clamp<std::size_t>(2 * full_at_.size(), 1'024, kPlayersMax);
    }
    const Duration waits = wait(player_id, now, limit);
    if (waits > Duration{}) return waits;
    MonoTime& full_at = full_at_[player_id];
    full_at = std::max(full_at, now) + each(limit);
    return {};
}

}  // namespace mythos::hub
