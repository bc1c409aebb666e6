// The sums of a loop's connections, kept up as they come, change and go. A connection counts from its welcome until it
// is told to close or is gone; it comes in healthy, and `judge` says what was found since.
//
// Not thread-safe: one loop's.
#pragma once

#include "hub/stream.hpp"
#include "hub/survey_shard.hpp"

namespace mythos::hub {

class Survey {
public:
    void enter(Stream& stream);
    void leave(Stream& stream);  // the second time it does nothing

    // What was found of it now.
    void judge(Stream& stream, std::uint8_t causes, MonoTime now);

    // A round over all connections adds up what waits for them.
    struct Waiting {
        std::uint64_t messages = 0, bytes = 0, blocked = 0;
    };
    void end_round(const Waiting& waiting);

    const SurveySums& sums() const { return sums_; }
    // Whether the sums have changed since the last time it was asked.
    bool take_changed() { return std::exchange(changed_, false); }

private:
    void count(const Stream& stream, std::uint64_t sign);

    SurveySums sums_;
    bool changed_ = false;
};

}  // namespace mythos::hub
