// The part of Delivery that keeps each client's account: what it was owed was written,
// told as a gap, conflated, or is unsent at the end. Of a client's two wires the first
// one counts; a gap counts when no wire brings it any more.
#include <algorithm>

#include "hub/delivery_batch.hpp"

namespace mythos::hub {

using stats::Counter;

void Delivery::count(Stream& stream, Counter outcome, std::uint64_t entries) {
    stream.client->count(entries);
    counters_.add(outcome, entries);
}

void Delivery::tell_gap(Stream& stream, const protocol::Gap& gap) {
    send_control(stream, protocol::gap_json(gap));
    const auto names = stream.outlet->names();
    const observe::ErrorContext context{names.player_id, names.session_id, names.connection_id};
    const auto wire = observe::Field("connection_type", protocol::to_string(stream.wire));
    if (gap.reason == "session_expired")
        return errors_.tell(Counter::gaps_session_expired, "Messages not delivered", context,
                            {wire, {"reason", gap.reason}});
    const Counter counter = gap.reason == "retention"       ? Counter::gaps_retention
                            : gap.reason == "foreign_epoch" ? Counter::gaps_foreign_epoch
                                                            : Counter::gaps_future_cursor;
    if (gap.lost) return errors_.record(counter, context, {wire, {"lost", *gap.lost}});
    errors_.record(counter, context, {wire});
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
    ClientState& client = *stream.client;
    const std::size_t wire = index_of(stream.wire), other = 1 - wire;
    client.sent[wire].store(stream.cursor, std::memory_order_relaxed);
    const bool other_may_bring = client.living[other].load() > 0 && client.sent[other].load() < stream.cursor;
    ClientState::Share share;
    if (!other_may_bring) share = client.claim(after, stream.cursor);
    const Seq claimed = share.any ? share.above : std::max(after, client.claimed_to());
    const auto owed_claimed = std::clamp(stream.view->owed_up_to(claimed).value_or(owed_after), owed_after, owed_upto);
    if (share.any)
        count(stream, Counter::deliveries_gap, owed_upto - owed_claimed);
    else if (claimed < stream.cursor)
        client.open_gap({claimed, stream.cursor, owed_claimed, owed_upto});
    stream.accounted = stream.cursor;
}

void Delivery::account_written(Stream& stream, const Batch& batch) {
    const auto share = stream.client->claim(stream.accounted, stream.cursor);
    if (share.contested && !account_each(stream, batch)) return account_written(stream, batch);
    if (share.any) account_share(stream, batch, share.above);
    stream.accounted = stream.cursor;
}

// What of the batch was handed over and lies above a position: mostly all of it, of what was read last, and none is
// told one by one. That is the way of nearly every delivery.
void Delivery::account_share(Stream& stream, const Batch& batch, Seq above) {
    const auto begin = batch.items.begin(), end = batch.items.end();
    const auto written = static_cast<std::uint64_t>(end - begin);
    if (batch.conflated > 0 || begin->seq <= above || (end - 1)->seq > stream.cursor)
        return account_closely(stream, batch, above);
    if (stats::kRecording && (above < read_together_from_ || !samples_.sampler().is_idle()))
        return account_closely(stream, batch, above);
    stream.client->count(written);
    latency_.add(read_appended_, written);
}

void Delivery::account_closely(Stream& stream, const Batch& batch, Seq above) {
    std::uint64_t written = 0, conflated = 0;
    for (const auto& item : batch.items) {
        if (item.seq <= above || item.seq > stream.cursor) continue;
        if (item.entry == nullptr) {
            ++conflated;
        } else {
            ++written;
            latency_.add(item.entry->appended);
        }
    }
    count(stream, Counter::deliveries_conflated, conflated);
    stream.client->count(written);
    if (stats::kRecording && samples_.sampler().reaches(written)) sample_written(stream, batch, above, written);
}

void Delivery::sample(const Stream& stream, const Item& item) {
    const MonoTime now = latency_.now();
    samples_.note(stream.key, item.seq, item.entry->json(), item.frame.size(), now - item.entry->appended, now);
}

// Notes those of the `written` entries of the batch above a position that are to be told.
void Delivery::sample_written(const Stream& stream, const Batch& batch, Seq above, std::uint64_t written) {
    std::uint64_t place = 0, chosen = samples_.sampler().next(written);
    for (const auto& item : batch.items) {
        if (item.entry == nullptr || item.seq <= above || item.seq > stream.cursor) continue;
        if (place++ != chosen) continue;
        sample(stream, item);
        chosen = samples_.sampler().next(written);
    }
}

// While a gap is open. False: it no longer is.
bool Delivery::account_each(Stream& stream, const Batch& batch) {
    std::vector<Seq> handed;
    for (const auto& item : batch.items)
        if (item.seq <= stream.cursor) handed.push_back(item.seq);
    const auto first = stream.client->take(handed, stream.cursor);
    if (!first) return false;
    for (const auto& item : batch.items) {
        if (!std::binary_search(first->begin(), first->end(), item.seq)) continue;
        if (item.entry == nullptr) {
            counters_.add(Counter::deliveries_conflated);
            continue;
        }
        latency_.add(item.entry->appended);
        if (samples_.sampler().picks()) sample(stream, item);
    }
    return true;
}

}  // namespace mythos::hub
