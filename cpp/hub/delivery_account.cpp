// The part of Delivery that keeps each client's account: what it was owed was written,
// told as a gap, conflated, or is unsent at the end. Of a client's two wires the first
// one counts; a gap counts when no wire brings it any more.
#include <algorithm>

#include "hub/delivery_batch.hpp"

namespace mythos::hub {

using stats::Counter;

namespace {

// Whether the client's other wire is on its way to `upto`.
bool other_may_bring(const Stream& stream, Seq upto) {
    const std::size_t other = 1 - static_cast<std::size_t>(stream.wire);
    return stream.client->living[other].load() > 0 && stream.client->sent[other].load() < upto;
}

}  // namespace

void Delivery::count(Stream& stream, Counter outcome, std::uint64_t entries) {
    stream.client->count(entries);
    counters_.add(outcome, entries);
}

void Delivery::open_account(Stream& stream, const Admitted& admitted, Seq given, std::uint64_t lost) {
    const SessionView& view = *stream.view;
    const auto owed = view.owed_up_to(stream.cursor);
    stream.owed_known = owed.has_value();
    stream.owed_at_cursor = owed.value_or(0);
    ClientState& client = *stream.client;
    const auto owed_given = view.owed_up_to(given);
    client.begin_account(owed_given ? given : stream.cursor, owed_given.value_or(stream.owed_at_cursor));
    // What the client names as its cursor, or what its other wire was handed, it was given.
    client.skip_to(given);
    stream.accounted = stream.cursor;
    if (lost > 0)
        account_gap(stream, given, stream.owed_at_cursor - std::min(stream.owed_at_cursor, lost),
                    stream.owed_at_cursor);
    if (admitted.alone && !admitted.standby) client.skip_to(stream.cursor);
}

// The stream was told that it misses what it is owed of (after, cursor].
void Delivery::account_gap(Stream& stream, Seq after, std::uint64_t owed_after, std::uint64_t owed_upto) {
    close_account(stream);  // of a gap before this one
    stream.open_gap = std::make_unique<OpenGap>();
    OpenGap& gap = *stream.open_gap;
    gap.after = after;
    gap.upto = stream.cursor;
    gap.owed_after = owed_after;
    gap.owed_upto = owed_upto;
    settle_gap(stream);
}

void Delivery::account_written(Stream& stream, const Batch& batch) {
    const auto handed = [&](Seq above) {
        std::uint64_t written = 0, conflated = 0;
        for (const auto& item : batch.items) {
            if (item.seq <= above || item.seq > stream.cursor) continue;
            ++(item.entry == nullptr ? conflated : written);
        }
        return std::pair(written, conflated);
    };
    if (stream.open_gap) {
        stream.open_gap->conflated += handed(0).second;
        return settle_gap(stream);
    }
    if (const auto share = stream.client->claim(stream.accounted, stream.cursor); share.any) {
        const auto [written, conflated] = handed(share.above);
        count(stream, Counter::deliveries_written, written);
        count(stream, Counter::deliveries_conflated, conflated);
    }
    stream.accounted = stream.cursor;
}

// Counts the open gap, and what came behind it, if the other wire has brought it or will not.
void Delivery::settle_gap(Stream& stream) {
    const OpenGap& gap = *stream.open_gap;
    ClientState& client = *stream.client;
    const auto owed_of = [&](const ClientState::Share& share, std::uint64_t owed_after, std::uint64_t owed_upto) {
        const auto owed_above = stream.view->owed_up_to(share.above).value_or(owed_after);
        return owed_upto - std::clamp(owed_above, owed_after, owed_upto);
    };
    if (client.claimed_to() < gap.upto) {
        if (other_may_bring(stream, gap.upto)) return;
        if (const auto share = client.claim(gap.after, gap.upto); share.any)
            count(stream, Counter::deliveries_gap, owed_of(share, gap.owed_after, gap.owed_upto));
    }
    const std::uint64_t owed_at_end = std::max(stream.owed_at_cursor, gap.owed_upto);
    if (const auto share = client.claim(gap.upto, stream.cursor); share.any) {
        const std::uint64_t owed = owed_of(share, gap.owed_upto, owed_at_end);
        const std::uint64_t conflated = std::min(owed, gap.conflated);
        count(stream, Counter::deliveries_conflated, conflated);
        count(stream, Counter::deliveries_written, owed - conflated);
    }
    stream.accounted = stream.cursor;
    stream.open_gap.reset();
}

// The stream goes, or begins again elsewhere: what still cannot be counted is left to the client's account.
void Delivery::close_account(Stream& stream) {
    if (!stream.open_gap) return;
    settle_gap(stream);
    if (!stream.open_gap) return;
    stream.open_gap->end = stream.cursor;
    stream.open_gap->owed_end = std::max(stream.owed_at_cursor, stream.open_gap->owed_upto);
    stream.client->leave(std::move(stream.open_gap));
}

}  // namespace mythos::hub
