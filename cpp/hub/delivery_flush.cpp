// The half of Delivery that writes: what is owed is gathered from the shared frames,
// handed to the socket in one write, and accounted for.
#include <algorithm>

#include "base/limits.hpp"
#include "hub/delivery_batch.hpp"
#include "hub/mutants.hpp"
#include "protocol/envelope.hpp"
#include "protocol/sse.hpp"
#include "protocol/ws_close.hpp"
#include "protocol/ws_deflate.hpp"
#include "protocol/ws_frame.hpp"

namespace mythos::hub {

using protocol::CloseCode;
using protocol::Wire;
using stats::Counter;

namespace {

// Bytes that are neither entries nor the tail of one.
std::size_t replies_waiting(const Stream& stream) {
    return stream.control.size() + (stream.behind != nullptr ? stream.behind->bytes.size() : 0);
}

bool is_owed_up_to(const Stream& stream, Seq seq) {
    return stream.wants_entries() && !stream.live && stream.cursor < seq;
}

}  // namespace

void Delivery::flush_one(Stream& stream) {
    if (stream.blocked || stream.finished) return;
    static thread_local Batch batch;
    std::size_t written = 0;
    for (;;) {
        if (stream.wants_entries() && !stream.live) {
            if (stream.cursor + 1 >= pinned_)
                stream.repositioned = false;
            else if (settle_hole(stream))
                continue;
        }
        if (stream.behind != nullptr && !is_owed_up_to(stream, stream.behind->seq)) release_replies(stream);
        if (stream.closing == Stream::Closing::now ||
            (stream.closing == Stream::Closing::after_stream && (stream.live || stream.standby)))
            queue_close_frame(stream);
        batch.count = 0;
        batch.bytes = 0;
        batch.items.clear();
        batch.conflated = 0;
        batch.complete = true;
        batch.replies_bytes = 0;
        if (stream.tail != nullptr) batch.add({stream.tail_bytes, stream.tail_size});
        if (!stream.control.empty()) batch.add(stream.control);
        batch.head_bytes = batch.bytes;
        if (stream.wants_entries() && !stream.live) gather(stream, batch);
        if (stream.behind != nullptr && batch.complete) {
            batch.add(stream.behind->bytes);
            batch.replies_bytes = stream.behind->bytes.size();
        }
        std::int64_t taken = 0;
        if (batch.bytes > 0) {
            taken = stream.outlet->write(batch.pieces, batch.count);
            if (taken < 0) {
                stream.finished = true;
                stream.outlet->abort();
                return;
            }
            sent_bytes_.add(static_cast<std::uint64_t>(taken));
            stream.sent_bytes += static_cast<std::uint64_t>(taken);
        }
        if (!hand_over(stream, batch, taken)) return;
        written += batch.bytes;
        const bool idle = stream.live || !stream.wants_entries();
        if (idle && stream.closing == Stream::Closing::queued) {
            stream.finished = true;
            stream.outlet->finish();
            return;
        }
        if (idle && stream.closing == Stream::Closing::no) return;
        if (written >= settings_.catch_up_bytes) {
            queue(stream);  // the others first
            return;
        }
    }
}

// A cursor that the retention has passed: nothing happens if nothing owed is gone;
// otherwise the range is told, or the slow reader sent away. True: look again.
bool Delivery::settle_hole(Stream& stream) {
    const Seq upto = pinned_ - 1;
    const auto owed = stream.view->owed_up_to(upto);
    std::optional<std::uint64_t> lost;
    if (owed && stream.owed_known) lost = *owed - std::min(*owed, stream.owed_at_cursor);
    if (lost && *lost == 0) {
        stream.cursor = upto;
        return false;
    }
    if (mutant(Mutant::skip_gap)) {
        stream.cursor = upto;
        return false;
    }
    if (settings_.slow_reader == SlowReader::disconnect && !stream.repositioned) {
        counters_.add(Counter::slow_disconnects);
        request_close(stream, CloseCode::too_slow, "the cursor left the retention", false);
        return true;
    }
    tell_hole(stream, upto, lost);
    if (owed) {
        stream.owed_at_cursor = *owed;
        stream.owed_known = true;
    }
    return false;
}

void Delivery::tell_hole(Stream& stream, Seq upto, std::optional<std::uint64_t> lost) {
    protocol::Gap gap;
    gap.after = id(stream.cursor);
    gap.before = id(mutant(Mutant::gap_off_by_one) ? upto + 2 : upto + 1);
    gap.at_most = upto - stream.cursor;
    gap.lost = mutant(Mutant::gap_counts_all_positions) ? gap.at_most : lost;
    gap.reason = "retention";
    const Seq after = stream.accounted;
    stream.cursor = stream.base = upto;
    tell_gap(stream, gap);
    stream.events.note_in_place(BlackBox::Event::gap, now_, {upto + 1, lost ? *lost + 1 : 0});
    if (lost) return account_gap(stream, after, stream.owed_at_cursor, stream.owed_at_cursor + *lost);
    stream.client->claim(after, upto);
    stream.accounted = upto;
}

void Delivery::gather(Stream& stream, Batch& batch) {
    OwedRange range(*stream.view, stream.cursor, position_);
    while (const Seq seq = range.next()) {
        if (batch.full() || batch.bytes >= settings_.catch_up_bytes) {
            batch.complete = false;
            return;
        }
        if (settings_.slow_reader == SlowReader::conflate && is_conflated(stream, seq)) {
            batch.items.push_back({nullptr, seq, batch.bytes, {}});
            ++batch.conflated;
        } else {
            gather_entry(stream, reader_.at(seq), batch);
        }
    }
}

void Delivery::gather_entry(Stream& stream, const journal::Entry& entry, Batch& batch) {
    const std::string_view frame = frame_of(stream, entry);
    batch.add(frame);
    batch.items.push_back({&entry, entry.seq, batch.bytes, frame});
}

// Only a reader that is behind skips: a newer entry with the same target and key is owed.
bool Delivery::is_conflated(const Stream& stream, Seq seq) const {
    const journal::Entry& entry = reader_.at(seq);
    if (entry.key().empty()) return false;
    if (stream.cursor >= previous_ && !mutant(Mutant::conflate_who_keeps_up)) return false;
    for (Seq later = index_.later_of_same_key(seq); later != 0; later = index_.later_of_same_key(later))
        for (const Sub& sub : stream.view->subs)
            if (sub.interval.target == entry.target && sub.interval.owes(later)) return true;
    return mutant(Mutant::conflate_without_newer);
}

std::string_view Delivery::frame_of(const Stream& stream, const journal::Entry& entry) const {
    if (stream.wire == Wire::sse) return entry.sse();
    if (stream.deflate && entry.json().size() >= settings_.deflate_min_bytes) {
        const auto* deflated = entry.deflated([](std::string_view json) {
            std::string payload, frame;
            protocol::deflate_message(json, payload);
            protocol::append_ws_frame(frame, protocol::WsOpcode::text, payload, true);
            return frame;
        });
        if (deflated != nullptr) return deflated->bytes;
    }
    return entry.ws();
}

Delivery::Taken Delivery::taken_of(const Batch& batch, std::size_t bytes) {
    Taken taken;
    std::size_t begin = batch.head_bytes;
    for (const auto& item : batch.items) {
        bool begun = item.entry == nullptr ? bytes >= begin : bytes > begin;
        if (mutant(Mutant::drop_on_eagain) && bytes == 0 && taken.items == 0) begun = true;
        if (!begun) break;
        ++taken.items;
        taken.whole += item.entry != nullptr && item.end <= bytes;
        begin = item.end;
    }
    return taken;
}

// Moves the cursor over what the socket took. False: it is full, and will call back.
bool Delivery::hand_over(Stream& stream, const Batch& batch, std::int64_t taken) {
    auto left = static_cast<std::size_t>(taken);
    if (stream.tail != nullptr) {
        const std::size_t n = std::min<std::size_t>(left, stream.tail_size);
        stream.tail_bytes += n;
        stream.tail_size -= static_cast<std::uint32_t>(n);
        left -= n;
        if (stream.tail_size == 0) {
            clear_tail(stream);
            writes_[index_of(stream.wire)].add(1);
        }
    }
    if (left > 0 && !stream.control.empty()) {
        const std::size_t n = std::min(left, stream.control.size());
        if (n == stream.control.size()) {
            std::string().swap(stream.control);  // an idle stream owns no buffer; assigning would keep it
        } else {
            stream.control.erase(0, n);
        }
    }
    hand_over_replies(stream, batch, static_cast<std::size_t>(taken));
    if (stream.paused && replies_waiting(stream) < kReplyQueueBytesMax / 2) {
        stream.paused = false;
        stream.outlet->pause_reading(false);
    }
    const auto bytes = static_cast<std::size_t>(taken);
    const bool all = bytes == batch.bytes;
    const auto [handed, whole] =
        all ? Taken{batch.items.size(), batch.items.size() - batch.conflated} : taken_of(batch, bytes);
    const Item* const last = handed == 0 ? nullptr : &batch.items[handed - 1];
    if (last != nullptr) stream.cursor = last->seq;
    const bool tail_lost = mutant(Mutant::lose_tail_on_short_write) || (mutant(Mutant::drop_on_eagain) && taken == 0);
    if (last != nullptr && last->entry != nullptr && bytes < last->end && !tail_lost) {
        last->entry->retain();
        stream.tail = last->entry;
        stream.tail_size = static_cast<std::uint32_t>(last->end - bytes);
        stream.tail_bytes = last->frame.data() + last->frame.size() - stream.tail_size;
    }
    stream.owed_at_cursor += handed;
    if (all && batch.complete && stream.wants_entries()) {
        stream.cursor = position_;
        stream.live = true;
    }
    writes_[index_of(stream.wire)].add(whole);
    if (handed > 0) account_written(stream, batch);
    stream.client->sent[index_of(stream.wire)].store(stream.cursor, std::memory_order_relaxed);
    stream.client->settle_gaps();
    if (all) return true;
    stream.blocked = true;
    stream.events.blocked(now_);
    stream.outlet->await_writable();
    return false;
}

// Those that the socket did not take wait in front of what comes next.
void Delivery::hand_over_replies(Stream& stream, const Batch& batch, std::size_t taken) {
    const std::size_t first = batch.bytes - batch.replies_bytes;
    if (batch.replies_bytes == 0 || taken < first) return;
    if (taken < batch.bytes) stream.control = stream.behind->bytes.substr(taken - first);
    stream.behind.reset();
}

void Delivery::release_replies(Stream& stream) {
    stream.control += stream.behind->bytes;
    stream.behind.reset();
}

void Delivery::clear_tail(Stream& stream) {
    if (stream.tail != nullptr) stream.tail->release();
    stream.tail = nullptr;
}

void Delivery::send_control(Stream& stream, std::string_view json) {
    if (stream.finished || stream.closing == Stream::Closing::queued) return;
    if (stream.wire == Wire::websocket) {
        protocol::append_ws_frame(stream.control, protocol::WsOpcode::text, json);
    } else {
        protocol::append_sse_block(stream.control, id(complete_up_to(stream)), json);
    }
    send_raw(stream, {});
}

void Delivery::send_reply(Stream& stream, std::string_view json, Seq behind) {
    if (stream.wire == Wire::sse || !is_owed_up_to(stream, behind)) return send_control(stream, json);
    if (stream.behind == nullptr) stream.behind = std::make_unique<Stream::Behind>();
    stream.behind->seq = behind;
    protocol::append_ws_frame(stream.behind->bytes, protocol::WsOpcode::text, json);
    send_raw(stream, {});
}

void Delivery::send_raw(Stream& stream, std::string_view bytes) {
    if (stream.finished || stream.closing == Stream::Closing::queued) return;
    stream.control.append(bytes);
    if (!stream.paused && replies_waiting(stream) > kReplyQueueBytesMax) {
        stream.paused = true;
        stream.outlet->pause_reading(true);
    }
    queue(stream);
}

std::size_t Delivery::bytes_held(const Stream& stream) const {
    return replies_waiting(stream) + (stream.tail != nullptr ? stream.tail_size : 0);
}

bool Delivery::is_full_of_replies(const Stream& stream) const { return replies_waiting(stream) > kReplyQueueBytesMax; }

void Delivery::send_heartbeat(Stream& stream, WallTime wall) {
    const Seq complete = mutant(Mutant::heartbeat_says_head) ? position_ : complete_up_to(stream);
    send_control(stream, protocol::heartbeat_json(id(complete), id(position_), wall));
}

void Delivery::request_close(Stream& stream, CloseCode code, std::string_view reason, bool after_stream) {
    if (stream.finished || stream.closing == Stream::Closing::now || stream.closing == Stream::Closing::queued) return;
    stream.closing = after_stream ? Stream::Closing::after_stream : Stream::Closing::now;
    stream.close_code = code;
    stream.close_reason = std::make_unique<const std::string>(reason);
    stream.events.note_in_place(BlackBox::Event::closing, now_, {protocol::number(code)});
    survey.leave(stream);
    queue(stream);
}

void Delivery::queue_close_frame(Stream& stream) {
    stream.outlet->closing(stream.close_code, *stream.close_reason);
    if (stream.wire == Wire::websocket) {
        const std::uint16_t code = stream.echo_code != 0 ? stream.echo_code : protocol::number(stream.close_code);
        protocol::append_ws_close_frame(stream.control, code, *stream.close_reason);
    } else {
        const auto retry =
            protocol::is_final(stream.close_code) ? std::optional<std::uint32_t>(3'600'000) : std::nullopt;
        protocol::append_sse_block(stream.control, id(complete_up_to(stream)),
                                   protocol::closed_json(stream.close_code, *stream.close_reason), retry);
    }
    stream.closing = Stream::Closing::queued;
}

void Delivery::promote(Stream& stream, Seq cursor) {
    if (!stream.welcomed || stream.finished) return;
    if (!stream.standby && stream.base <= cursor) return;
    if (stream.standby) stream.client->living[index_of(stream.wire)].fetch_add(1);
    stream.standby = false;
    stream.live = false;
    stream.repositioned = true;
    stream.events.note(BlackBox::Event::promoted, now_, {cursor});
    stream.base = stream.cursor = stream.accounted = cursor;
    stream.client->skip_to(cursor);
    const auto owed = stream.view->owed_up_to(cursor);
    stream.owed_known = owed.has_value();
    stream.owed_at_cursor = owed.value_or(0);
    send_control(stream, protocol::promoted_json(id(cursor)));
    if (const Seq opened = stream.view->opened_seq; cursor < opened) {
        // A cursor of an older session: what that one was still owed cannot be counted any more.
        stream.base = stream.cursor = stream.accounted = opened;
        stream.client->skip_to(opened);
        tell_gap(stream, {id(cursor), id(opened + 1), {}, opened - cursor, "session_expired"});
    }
    queue(stream);
}

void Delivery::demote(Stream& stream) {
    stop_living(stream);
    stream.events.note(BlackBox::Event::demoted, now_);
    stream.standby = true;
    stream.live = false;
    if (stream.behind != nullptr) queue(stream);
}

}  // namespace mythos::hub
