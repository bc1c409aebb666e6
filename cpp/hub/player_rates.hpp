// How often each player asks, and how long one that asks too often has to wait: a bucket of so many requests that
// refills evenly over a window, kept as the one time at which it is full again (the generic cell rate algorithm).
//
// A player whose bucket is full is forgotten, so memory follows those who asked within the last window; of these at
// most kPlayersMax are known, and one more has to wait. Not thread-safe: under the sequencer's mutex.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "hub/settings.hpp"

namespace mythos::hub {

// As Retry-After has it: rounded up.
constexpr int whole_seconds(Duration d) { return static_cast<int>((d.ns + seconds(1).ns - 1) / seconds(1).ns); }

class PlayerRates {
public:
    static constexpr std::size_t kPlayersMax = 1'000'000;  // as many as there may be sessions, by default

    // How long the player has to wait; 0: it may ask. A limit that has changed counts at once.
    Duration wait(const std::string& player_id, MonoTime now, const RateLimit& limit);
    // The same, and where it may ask, this is one.
    Duration take(const std::string& player_id, MonoTime now, const RateLimit& limit);

    std::size_t size() const { return full_at_.size(); }

private:
    std::unordered_map<std::string, MonoTime> full_at_;
    std::size_t sweep_at_ = 1'024;  // players; doubled where a sweep finds few to forget
};

}  // namespace mythos::hub
