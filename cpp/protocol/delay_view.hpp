// How late entries reach a client, as that client sees it: for each entry that it applied as it came, how much later
// than the fastest message of the last minutes, by the client's own clock and the server's `ts`.
//
// Two clocks that differ do not matter, since only differences of differences are looked at; the part of a journey that
// even the fastest message took is not in it (that is in the round trip). A drift of 100 ppm between the clocks makes
// 60 ms in the ten minutes that the fastest is remembered; ordinary ones make a tenth of that.
//
// Not thread-safe. Memory: at most kGroupsMax groups of alike values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace mythos::protocol {

class DelayView {
public:
    static constexpr std::size_t kGroupsMax = 16;
    static constexpr Duration kRemembered = seconds(300);  // twice this at most

    // A message with the server's time of sending came, in epoch seconds.
    void heard(MonoTime now, double ts);
    // An entry was applied as it came.
    void applied(MonoTime now, double ts);

    // Since the last call, as JSON `[[milliseconds,entries],…]`, each group within an eighth of its values; empty for
    // none.
    std::string take();

private:
    // In milliseconds: this client's clock less the server's, plus the way.
    static double difference(MonoTime now, double ts) { return static_cast<double>(now.ns) / 1e6 - ts * 1e3; }
    void remember(MonoTime now, double difference);

    std::optional<double> fastest_, fastest_before_;  // of this time and of the time before
    MonoTime since_;
    std::map<double, std::uint64_t> groups_;  // entries by milliseconds
};

}  // namespace mythos::protocol
