// The part of a loop that looks at its connections one after another, in bounded pieces: how healthy they are, every
// monitor.sample_interval_s, and what is asked of single ones.
#include <utility>

#include "hub/black_box_text.hpp"
#include "hub/loop_impl.hpp"

namespace mythos::hub {

using protocol::CloseCode;
using protocol::Wire;

namespace {

constexpr Duration kSliceBudget = microseconds(200);
constexpr Duration kPause = milliseconds(5);  // between two pieces of a round: 4 % of a core at most

// The bounds of a healthy connection.
constexpr Duration kUnacknowledgedMax = seconds(5);
constexpr std::uint64_t kLagEntriesMax = kLagCounted, kLagBytesMax = std::uint64_t{1} << 20;

constexpr std::size_t kEventTextBytesMax = 2'000;  // in a line of the log

}  // namespace

LoopCore::Impl::Look LoopCore::Impl::look_at(const Stream& stream, MonoTime now) const {
    Look look;
    const Signs signs = signs_of(stream, now);
    // A beat comes after up to 1 + jitter heartbeats, and its answer has a quarter of one to arrive.
    const auto ns = static_cast<double>(stream.heartbeat().ns) * (1.25 + settings.heartbeat_jitter);
    const Duration missed{static_cast<std::int64_t>(ns)};
    if ((signs.peer_answers && now - signs.peer > missed) || (signs.kernel_waits && now - signs.kernel > missed))
        look.causes |= heartbeat_missed;
    look.rtt = stream.wire == Wire::sse ? signs.kernel_rtt
                                        : microseconds(stream.client->rtt_us.load(std::memory_order_relaxed));
    look.backlog = delivery.backlog(stream, now);
    if (look.backlog.unacknowledged > kUnacknowledgedMax) look.causes |= unacknowledged;
    if (look.backlog.entries > kLagEntriesMax || look.backlog.bytes > kLagBytesMax) look.causes |= lagging;
    return look;
}

// Visits connections from `place` on, until all were visited (true) or the time is up.
template <class Visit>
bool LoopCore::Impl::walk(Place& place, const Clock& clock, MonoTime limit, Visit&& visit) {
    for (std::size_t visited = 1; place.bucket < place.buckets; ++place.bucket, ++visited) {
        if (visited % 4 == 0 && clock.mono() >= limit) return false;
        for (auto it = streams.begin(place.bucket); it != streams.end(place.bucket); ++it)
            if (it->second.welcomed) visit(it->second);
    }
    return true;
}

void LoopCore::Impl::survey(const Clock& clock, MonoTime now) {
    if (!stats::kRecording) return;
    if (streams.empty()) {
        if (survey_at_ != MonoTime{}) delivery.survey.end_round({});
        survey_at_ = {};
    } else if (survey_at_ == MonoTime{}) {
        survey_at_ = now + settings.survey_interval;
        round_ = {};
    } else if (now >= survey_at_) {
        survey_slice(clock, now);
    }
    if (delivery.survey.take_changed()) node.surveys[index].set(delivery.survey.sums());
}

void LoopCore::Impl::survey_slice(const Clock& clock, MonoTime now) {
    if (round_.began == MonoTime{}) {
        // A timer like any other: as late as it is, so late is everything on this loop.
        latencies[stats::Latency::loop_lag].record(now - survey_at_);
        round_.began = now;
    }
    if (!round_.place.fits(streams.bucket_count())) {
        round_.place = {0, streams.bucket_count()};
        round_.waiting = {};
    }
    const bool done = walk(round_.place, clock, now + kSliceBudget, [&](Stream& stream) {
        if (!stream.counted) return;
        const Look look = look_at(stream, now);
        stream.events.reserve();
        delivery.survey.judge(stream, look.causes, now);
        round_.waiting.messages += look.backlog.entries;
        round_.waiting.bytes += look.backlog.bytes + delivery.bytes_held(stream);
        round_.waiting.blocked += stream.blocked;
    });
    if (!done) {
        survey_at_ = now + kPause;
        return;
    }
    delivery.survey.end_round(round_.waiting);
    survey_at_ = round_.began + settings.survey_interval;
    round_ = {};
}

ConnectionFacts LoopCore::Impl::facts_of(const Stream& stream, MonoTime now) const {
    const Look look = look_at(stream, now);
    ConnectionFacts facts;
    facts.key = stream.key;
    facts.loop = index;
    facts.wire = stream.wire;
    facts.standby = stream.standby;
    facts.blocked = stream.blocked;
    facts.causes = look.causes;
    facts.age = now - stream.events.opened();
    facts.rtt = look.rtt;
    facts.unacknowledged = look.backlog.unacknowledged;
    facts.lag_entries = look.backlog.entries;
    facts.lag_bytes = look.backlog.bytes;
    facts.sent_bytes = stream.sent_bytes;
    return facts;
}

// One piece of one question a turn. True: there is more.
bool LoopCore::Impl::answer_inquiries(const Clock& clock, MonoTime now) {
    if (inquiries_.empty()) return false;
    PendingInquiry& pending = inquiries_.front();
    const Inquiry& asked = *pending.asked;
    const auto tell = [&](const Stream& stream) {
        if (asked.wire && *asked.wire != stream.wire) return;
        // One that is closing is still found by its name.
        if (!stream.counted && asked.connection_id.empty()) return;
        if (asked.connection_id.empty()) return pending.found.push_back(facts_of(stream, now));
        const Outlet::Names names = stream.outlet->names();
        if (names.connection_id != asked.connection_id) return;
        ConnectionFacts facts = facts_of(stream, now);
        facts.detail = std::make_shared<const ConnectionFacts::Detail>(ConnectionFacts::Detail{
            std::string(names.player_id), std::string(names.session_id), std::string(names.connection_id),
            std::string(stream.client->client_id()), stream.events});
        pending.found.push_back(std::move(facts));
    };
    bool done = true;
    if (!asked.keys.empty()) {
        for (const ConnectionKey key : asked.keys)
            if (const Stream* stream = find(key); stream != nullptr && stream->counted) tell(*stream);
    } else {
        if (!pending.place.fits(streams.bucket_count())) {
            pending.place = {0, streams.bucket_count()};
            pending.found.clear();
        }
        done = walk(pending.place, clock, now + kSliceBudget, tell);
    }
    if (done) {
        asked.answer(std::move(pending.found));
        inquiries_.erase(inquiries_.begin());
    }
    return !inquiries_.empty();
}

// Whether a person who runs the server should hear of it. An event stream has no other way to end than its socket's.
bool LoopCore::Impl::ends_abnormally(const Stream& stream) {
    if (stream.closing == Stream::Closing::no) return stream.wire == Wire::websocket;
    if (stream.asked || stream.echo_code != 0) return false;
    switch (stream.close_code) {
        case CloseCode::normal:
        case CloseCode::going_away:
        case CloseCode::session_replaced:
        case CloseCode::displaced:
            return false;
        default:
            return true;
    }
}

// A socket that ended by itself leaves no other trace.
void LoopCore::Impl::note_end(BlackBox& events, const Stream& stream, MonoTime now) {
    if (stream.closing == Stream::Closing::no) events.note(BlackBox::Event::closing, now, {kNoCloseCode});
}

void LoopCore::Impl::keep_closed(Stream& stream, CloseReason why, MonoTime now) {
    const Outlet::Names names = stream.outlet->names();
    if (names.connection_id.empty()) return;
    const bool told = stream.closing != Stream::Closing::no;
    note_end(stream.events, stream, now);
    ClosedConnection closed{std::string(names.connection_id),
                            std::string(stream.client->client_id()),
                            std::string(names.player_id),
                            std::string(names.session_id),
                            stream.wire,
                            wall(),
                            now - stream.events.opened(),
                            kNoCloseCode,
                            why,
                            told ? *stream.close_reason : "the socket ended",
                            ends_abnormally(stream),
                            stream.sent_bytes,
                            std::move(stream.events)};
    if (told) closed.code = stream.echo_code != 0 ? stream.echo_code : protocol::number(stream.close_code);
    node.closed.add(std::move(closed));
}

std::optional<std::string> LoopCore::events_of_abnormal_end(ConnectionKey key) const {
    const Stream* stream = impl_->find(key);
    if (stream == nullptr || !stream->welcomed || !Impl::ends_abnormally(*stream)) return std::nullopt;
    BlackBoxWords words;
    words.epoch = impl_->node.journal.epoch();
    BlackBox events = stream->events;
    Impl::note_end(events, *stream, impl_->node.clock.mono());
    return events_json(events, words, kEventTextBytesMax);
}

}  // namespace mythos::hub
