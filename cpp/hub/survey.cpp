#include "hub/survey.hpp"

#include <algorithm>

namespace mythos::hub {

void Survey::count(const Stream& stream, std::uint64_t sign) {
    const std::size_t wire = index_of(stream.wire);
    (stream.causes == 0 ? sums_.healthy : sums_.unhealthy)[wire] += sign;
    for (std::size_t i = 0; i < kCauses; ++i)
        if ((stream.causes >> i & 1) != 0) sums_.causes[i] += sign;
    sums_.ages[stream.age_bin] += sign;
    changed_ = true;
}

void Survey::enter(Stream& stream) {
    stream.counted = true;
    count(stream, 1);
}

void Survey::leave(Stream& stream) {
    if (!stream.counted) return;
    stream.counted = false;
    count(stream, ~std::uint64_t{0});
}

void Survey::judge(Stream& stream, std::uint8_t causes, MonoTime now) {
    const Duration age = now - stream.events.opened();
    const auto bin =
        static_cast<std::uint8_t>(std::upper_bound(kAgeBins.begin(), kAgeBins.end(), age) - kAgeBins.begin());
    if (bin == stream.age_bin && causes == stream.causes) return;
    if (causes == 0 && stream.causes != 0) stream.events.note(BlackBox::Event::healthy, now);
    if (causes != 0 && causes != stream.causes) stream.events.note(BlackBox::Event::unhealthy, now, {causes});
    count(stream, ~std::uint64_t{0});
    stream.age_bin = bin;
    stream.causes = causes;
    count(stream, 1);
}

void Survey::end_round(const Waiting& waiting) {
    sums_.queued_messages = waiting.messages;
    sums_.queued_bytes = waiting.bytes;
    sums_.blocked = waiting.blocked;
    changed_ = true;
}

}  // namespace mythos::hub
