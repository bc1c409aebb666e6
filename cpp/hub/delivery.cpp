#include "hub/delivery.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace mythos::hub {

namespace {

// Of one acknowledgement. Clients acknowledge every 64 entries; who does so once in a long while must not hold up
// others.
constexpr std::size_t kAckMeasuredMax = 4'096;
constexpr std::size_t kSlice = 24;  // between two looks at the clock
// A turn: those who catch up do get on, however busy it is.
constexpr std::size_t kCatchUpsMin = kSlice;

}  // namespace

using journal::Kind;
using protocol::CloseCode;
using protocol::Wire;
using stats::Counter;

Delivery::Delivery(journal::Ring& ring, std::string epoch, const Settings& settings, stats::CounterShard& counters,
                   stats::LatencyShards& latencies, observe::ErrorRecorder& errors, std::uint64_t sampling_seed)
    : ring_(ring),
      epoch_(std::move(epoch)),
      settings_(settings),
      counters_(counters),
      errors_(errors),
      broadcasts_(latencies[stats::Latency::broadcast]),
      latency_(latencies[stats::Latency::delivery]),
      ack_latency_(latencies[stats::Latency::acknowledgement]),
      sent_bytes_(counters, Counter::sent_bytes),
      writes_{{{counters, Counter::writes_websocket}, {counters, Counter::writes_sse}}},
      samples_(sampling_seed, counters),
      reader_(ring),
      index_(reader_.position(), settings.position_memory),
      position_(reader_.position()) {}

Delivery::~Delivery() = default;

SessionView& Delivery::expect(const Admitted& admitted) {
    const auto [at, made] = views_.try_emplace(admitted.session);
    SessionView& view = at->second;
    if (made) {
        view.opened_seq = admitted.opened_seq;
        fill_view(view, index_, admitted.intervals, admitted.intervals_at);
    }
    ++view.users;
    return view;
}

void Delivery::unexpect(SessionHandle session) {
    const auto at = views_.find(session);
    if (--at->second.users > 0) return;
    drop_view(at->second, index_);
    views_.erase(at);
}

void Delivery::detach(Stream& stream) {
    survey.leave(stream);
    if (stream.tail != nullptr)
        counters_.add(stream.wire == Wire::websocket ? Counter::writes_failed_websocket : Counter::writes_failed_sse);
    clear_tail(stream);
    stop_living(stream);
    if (stream.queued) {
        up_to_date_.remove(stream);
        catching_up_.remove(stream);
    }
    Stream** link = &stream.view->streams;
    while (*link != nullptr && *link != &stream) link = &(*link)->next_of_view;
    if (*link != nullptr) *link = stream.next_of_view;  // not there yet while its welcome waits
    unexpect(stream.session);
}

// What is retained is linked too when slow readers come to be conflated: they may stand anywhere in it.
void Delivery::link_keys(bool wanted) {
    if (wanted == links_keys_) return;
    links_keys_ = wanted;
    if (!wanted) return index_.unlink_all();
    for (Seq seq = pinned_; seq <= position_; ++seq)
        if (const journal::Entry& entry = reader_.at(seq); entry.kind == Kind::message) index_.link(entry);
}

void Delivery::advance() {
    link_keys(settings_.slow_reader == SlowReader::conflate);
    const Seq head = ring_.head();
    const Seq first_retained = ring_.first();
    previous_ = position_;
    for (Seq seq = position_ + 1; seq <= head; ++seq) {
        const journal::Entry& entry = reader_.at(seq);
        if (entry.appended != read_appended_) {
            read_appended_ = entry.appended;
            read_together_from_ = seq - 1;
        }
        if (entry.kind != Kind::message) {
            apply_control(entry);
            continue;
        }
        if (entry.session != 0) open_own(entry);
        if (!newly_read_) newly_read_ = entry.appended;
        Topic& topic = index_.add(entry, first_retained);
        if (links_keys_) index_.link(entry);
        // One mark a batch is enough: what is owed is found by position, later.
        if (topic.marked == head) continue;
        topic.marked = head;
        for (const RouteSlot& slot : topic.route) mark(*slot.view);
    }
    position_ = head;
    reader_.advance_to(head);
}

// The first message to a player: the player's session was owed it, and all that follow, from its opening on.
void Delivery::open_own(const journal::Entry& entry) {
    const auto it = views_.find(entry.session);
    if (it == views_.end() || entry.seq <= it->second.applied) return;
    SessionView& view = it->second;
    for (const Sub& sub : view.subs)
        if (sub.interval.target == entry.target) return;
    open_sub(view, index_, {entry.target, view.opened_seq, kStillOpen, entry.ordinal - 1, 0});
}

void Delivery::apply_control(const journal::Entry& entry) {
    const auto it = views_.find(entry.session);
    if (it == views_.end()) return;
    SessionView& view = it->second;
    if (entry.seq <= view.applied) return;
    if (entry.kind == Kind::subscribed) {
        open_sub(view, index_, {entry.target, entry.seq, kStillOpen, entry.ordinal, 0});
        note(view, BlackBox::Event::subscribed, entry.target);
        // Messages behind it in this batch may have been marked before it was in the route.
        mark(view);
    } else if (entry.kind == Kind::unsubscribed) {
        close_sub(view, entry.target, entry.seq, entry.ordinal);
        note(view, BlackBox::Event::unsubscribed, entry.target);
    } else if (entry.kind == Kind::session_ended) {
        end_view(view, entry.seq);
        view.replaced = entry.replaced;
        for (Stream* stream = view.streams; stream != nullptr; stream = stream->next_of_view) close_ended(*stream);
    }
}

void Delivery::note(SessionView& view, BlackBox::Event event, TargetId target) {
    for (Stream* stream = view.streams; stream != nullptr; stream = stream->next_of_view)
        stream->events.note(event, now_, {target});
}

// Behind all that the session was owed.
void Delivery::close_ended(Stream& stream) {
    if (stream.view->replaced) {
        request_close(stream, CloseCode::session_replaced, "the session was replaced by a newer one", true);
    } else {
        request_close(stream, CloseCode::normal, "the session has ended", true);
    }
}

void Delivery::mark(SessionView& view) {
    for (Stream* stream = view.streams; stream != nullptr; stream = stream->next_of_view) {
        if (!stream->live) continue;
        if (stream->wants_entries()) queue(*stream);
        stream->live = false;
        stream->cursor = previous_;
    }
}

void Delivery::queue(Stream& stream) {
    if (stream.queued || stream.blocked) return;
    stream.queued = true;
    (stream.live ? up_to_date_ : catching_up_).push(stream);
}

bool Delivery::flush(Duration budget, const std::function<MonoTime()>& mono) {
    if (up_to_date_.empty() && catching_up_.empty()) {
        newly_read_.reset();
        return false;
    }
    const MonoTime now = now_ = mono();
    latency_.set_now(now);
    flush_queue(up_to_date_, 0, now + budget, mono);
    flush_queue(catching_up_, kCatchUpsMin, now + budget, mono);
    latency_.settle();
    sent_bytes_.settle();
    counters_.add(Counter::deliveries_written, latency_.take_recorded());
    for (auto& writes : writes_) writes.settle();
    if (!up_to_date_.empty() || !catching_up_.empty()) return true;
    if (newly_read_) broadcasts_.record(mono() - *std::exchange(newly_read_, std::nullopt));
    return false;
}

// `at_least` so many, also where the budget is used up; what it leaves goes first in the next turn.
void Delivery::flush_queue(FlushQueue& queue, std::size_t at_least, MonoTime limit,
                           const std::function<MonoTime()>& mono) {
    const std::size_t waiting = queue.size();
    for (std::size_t done = 0; done < waiting;) {
        for (const std::size_t end = std::min(done + kSlice, waiting); done < end; ++done) {
            Stream* const stream = queue.pop();
            if (stream == nullptr) continue;
            stream->queued = false;
            flush_one(*stream);
        }
        if (done == waiting) break;
        const MonoTime now = now_ = mono();
        latency_.set_now(now);
        if (done >= at_least && now >= limit) break;
    }
    queue.compact();
}

// It brings nothing more: what its client's other wire waits for it to fill is settled.
void Delivery::stop_living(Stream& stream) {
    if (!stream.welcomed || stream.standby) return;
    stream.client->living[index_of(stream.wire)].fetch_sub(1);
    stream.client->settle_gaps();
}

void Delivery::writable(Stream& stream) {
    stream.blocked = false;
    queue(stream);
}

Seq Delivery::complete_up_to(const Stream& stream) const {
    if (stream.standby) return std::max(stream.client->acked(), stream.view->opened_seq);
    return stream.live ? position_ : stream.cursor;
}

Delivery::Backlog Delivery::backlog(const Stream& stream, MonoTime now) const {
    Backlog behind;
    if (!stream.wants_entries()) return behind;
    const SessionView& view = *stream.view;
    if (!stream.live) {
        OwedRange range(view, std::max(stream.cursor, pinned_ - 1), position_);
        std::uint64_t counted = 0;
        for (Seq seq = range.next(); seq != 0 && counted <= kLagCounted; seq = range.next(), ++counted) {
            const journal::Entry& entry = reader_.at(seq);
            behind.bytes += stream.wire == protocol::Wire::sse ? entry.sse().size() : entry.ws().size();
        }
        behind.entries = counted;
        const auto owed = view.owed_up_to(position_);
        if (counted > kLagCounted && owed && stream.owed_known) {
            behind.entries = std::max(counted, *owed - std::min(*owed, stream.owed_at_cursor));
            behind.bytes = behind.bytes * behind.entries / counted;
        }
    }
    const Seq acked = stream.client->acked();
    if (!stream.client->acknowledges() || acked >= position_) return behind;
    Seq oldest = OwedRange(view, std::max(acked, pinned_ - 1), position_).next();
    if (acked + 1 < pinned_ && pinned_ <= position_) {
        // What the retention has let go of is older than what it holds.
        const auto owed = view.owed_up_to(pinned_ - 1), had = view.owed_up_to(acked);
        if (!owed || !had || *owed > *had) oldest = pinned_;
    }
    if (oldest != 0) behind.unacknowledged = now - reader_.at(oldest).appended;
    return behind;
}

std::vector<std::string_view> Delivery::history(TargetId channel, Seq before, std::size_t limit, bool& more) const {
    std::vector<std::string_view> out;
    more = false;
    const Topic* topic = index_.find(channel);
    if (topic == nullptr) return out;
    const Seq* at = std::lower_bound(topic->begin(), topic->end(), before);
    while (at != topic->begin() && *(at - 1) >= pinned_) {
        if (out.size() == limit) {
            more = true;
            break;
        }
        out.push_back(reader_.at(*--at).json());
    }
    std::reverse(out.begin(), out.end());
    return out;
}

bool Delivery::has_lost(const Stream& stream) const {
    const Seq first = ring_.first();
    if (!stream.wants_entries() || stream.live || stream.repositioned || stream.cursor + 1 >= first) return false;
    const auto owed = stream.view->owed_up_to(first - 1);
    return !owed || !stream.owed_known || *owed > stream.owed_at_cursor;
}

void Delivery::measure_ack(SessionHandle session, Seq after, Seq upto, MonoTime at) {
    if (!stats::kRecording) return;
    const auto it = views_.find(session);
    if (it == views_.end()) return;
    ack_latency_.set_now(at);
    OwedRange range(it->second, std::max(after, pinned_ - 1), std::min(upto, position_));
    for (std::size_t n = 0; n < kAckMeasuredMax; ++n) {
        const Seq seq = range.next();
        if (seq == 0) break;
        ack_latency_.add(reader_.at(seq).appended);
    }
    ack_latency_.settle();
}

void Delivery::forget_targets(const std::vector<TargetId>& targets) {
    for (const TargetId target : targets) index_.forget(target);
}

void Delivery::trim() {
    const Seq first = ring_.first();
    index_.forget_keys_below(first);
    const Seq remembered = position_ > settings_.position_memory ? position_ - settings_.position_memory : 0;
    const Seq floor = std::min(first, remembered);
    index_.drop_below(floor);
    for (auto& [handle, view] : views_) trim_view(view, index_, view.subs.size() > kIntervalsCounted ? first : floor);
}

}  // namespace mythos::hub
