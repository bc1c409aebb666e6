// Delivery: reads the journal forward and brings every stream of one loop up to date.
//
// Live delivery, catching up, resuming and promotion are the same act: send the
// entries after the cursor that the session is owed. They differ only in where the
// cursor stands. `advance` notes which streams are owed something; `flush` gives each
// of them what fits, once a turn and within a time budget; a stream whose socket is
// full keeps its cursor and goes on from there when there is room.
//
// Not thread-safe: one loop's. Units: positions are journal sequence numbers.
#pragma once

#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/delivery_samples.hpp"
#include "hub/flush_queue.hpp"
#include "hub/hub.hpp"
#include "hub/settings.hpp"
#include "hub/stream.hpp"
#include "hub/survey.hpp"
#include "journal/ring.hpp"
#include "observe/error_tracker.hpp"
#include "stats/count_batch.hpp"
#include "stats/counters.hpp"
#include "stats/latencies.hpp"
#include "stats/record_batch.hpp"

namespace mythos::hub {

inline constexpr std::uint64_t kLagCounted = 1'000;

class Delivery {
public:
    Survey survey;

    Delivery(journal::Ring& ring, std::string epoch, const Settings& settings, stats::CounterShard& counters,
             stats::LatencyShards& latencies, observe::ErrorRecorder& errors, std::uint64_t sampling_seed = 0);
    ~Delivery();

    // The view that connections of this session share; made from `admitted` if this is the
    // first. Call in the same turn in which the sequencer let the connection in.
    SessionView& expect(const Admitted& admitted);
    void unexpect(SessionHandle session);

    // Begins the stream: welcome, and the gap where there is one. Precondition:
    // `position() >= admitted.visible_at`. `stream.view` is set.
    void attach(Stream& stream, const Admitted& admitted, const ConnectRequest& request);
    void detach(Stream& stream);

    // Reads up to the visible head. Between `begin_turn` and `end_turn` only.
    void begin_turn(MonoTime now) {
        now_ = now;
        pinned_ = reader_.pin();
    }
    void advance();
    // Flushes queued streams until done or for as long as `budget`, by the time that `mono` tells. True: some are left.
    bool flush(Duration budget, const std::function<MonoTime()>& mono);
    void end_turn() { reader_.unpin(); }

    void writable(Stream& stream);
    void promote(Stream& stream, Seq cursor);
    void demote(Stream& stream);

    // Puts a control message on the stream's own wire, behind what was already handed over.
    void send_control(Stream& stream, std::string_view json);
    void send_raw(Stream& stream, std::string_view bytes);
    // Puts it behind the entries up to `behind` that this stream is owed, all of which this loop has read.
    void send_reply(Stream& stream, std::string_view json, Seq behind);
    void send_heartbeat(Stream& stream, WallTime wall);
    void request_close(Stream& stream, protocol::CloseCode code, std::string_view reason, bool after_stream);

    Seq position() const { return position_; }
    // Whether the retention has let go of something that this stream is owed and was not told of.
    bool has_lost(const Stream& stream) const;
    // More replies wait for this stream's socket than should.
    bool is_full_of_replies(const Stream& stream) const;
    // Where this stream's data is complete up to, now.
    Seq complete_up_to(const Stream& stream) const;
    // What this stream is behind by. Entries of a long backlog are counted, their bytes estimated from the first
    // kLagCounted. A standby wire waits, and is behind in nothing. Within a turn only.
    struct Backlog {
        std::uint64_t entries = 0, bytes = 0;
        Duration unacknowledged{};  // at least so old is the oldest entry that the client has not acknowledged
    };
    Backlog backlog(const Stream& stream, MonoTime now) const;
    // What is held in memory for it, beyond entries.
    std::size_t bytes_held(const Stream& stream) const;

    // The newest entries of a channel below the position `before`, oldest first, as
    // JSON texts; at most `limit`. `more`: older ones are retained. Within a turn only.
    std::vector<std::string_view> history(TargetId channel, Seq before, std::size_t limit, bool& more) const;
    // A client of the session acknowledged (after, upto] at `at`: how long each entry of it took. Of one that is
    // further back than the retention it is not known. Within a turn only.
    void measure_ack(SessionHandle session, Seq after, Seq upto, MonoTime at);
    // Deliveries that were chosen to be told.
    DeliverySamples& samples() { return samples_; }
    void forget_targets(const std::vector<TargetId>& targets);
    void trim();  // now and then: closed intervals and keys that no longer matter

    // When it is now, between turns.
    void set_now(MonoTime now) { now_ = now; }

    std::string id(Seq seq) const { return format_cursor(epoch_, seq); }

private:
    struct Item;
    struct Batch;
    std::optional<protocol::Gap> place(Stream& stream, const Admitted& admitted, const ConnectRequest& request,
                                       protocol::Welcome& welcome);
    void link_keys(bool wanted);
    void open_own(const journal::Entry& entry);
    void apply_control(const journal::Entry& entry);
    void note(SessionView& view, BlackBox::Event event, TargetId target);
    void close_ended(Stream& stream);
    void mark(SessionView& view);
    void stop_living(Stream& stream);
    void queue(Stream& stream);
    void flush_queue(FlushQueue& queue, std::size_t at_least, MonoTime limit, const std::function<MonoTime()>& mono);
    void flush_one(Stream& stream);
    bool settle_hole(Stream& stream);
    void tell_hole(Stream& stream, Seq upto, std::optional<std::uint64_t> lost);
    void tell_gap(Stream& stream, const protocol::Gap& gap);
    void gather(Stream& stream, Batch& batch);
    void gather_entry(Stream& stream, const journal::Entry& entry, Batch& batch);
    bool is_conflated(const Stream& stream, Seq seq) const;
    std::string_view frame_of(const Stream& stream, const journal::Entry& entry) const;
    // Of a batch: the items that the socket took, the last perhaps in part, and the entries that it took whole.
    struct Taken {
        std::size_t items = 0, whole = 0;
    };
    static Taken taken_of(const Batch& batch, std::size_t bytes);
    bool hand_over(Stream& stream, const Batch& batch, std::int64_t taken);
    void hand_over_replies(Stream& stream, const Batch& batch, std::size_t taken);
    void release_replies(Stream& stream);
    void queue_close_frame(Stream& stream);
    void clear_tail(Stream& stream);

    // delivery_account.cpp
    void open_account(Stream& stream, const Admitted& admitted, Seq given, std::uint64_t lost);
    void account_gap(Stream& stream, Seq after, std::uint64_t owed_after, std::uint64_t owed_upto);
    void account_written(Stream& stream, const Batch& batch);
    void account_share(Stream& stream, const Batch& batch, Seq above);
    void account_closely(Stream& stream, const Batch& batch, Seq above);
    bool account_each(Stream& stream, const Batch& batch);
    void count(Stream& stream, stats::Counter outcome, std::uint64_t entries);
    void sample(const Stream& stream, const Item& item);
    void sample_written(const Stream& stream, const Batch& batch, Seq above, std::uint64_t written);

    journal::Ring& ring_;
    std::string epoch_;
    const Settings& settings_;
    stats::CounterShard& counters_;
    observe::ErrorRecorder& errors_;
    stats::HistogramShard& broadcasts_;
    stats::RecordBatch latency_, ack_latency_;
    stats::CountBatch sent_bytes_;
    std::array<stats::CountBatch, 2> writes_;  // by wire
    DeliverySamples samples_;
    journal::Ring::Reader reader_;
    Index index_;
    Seq position_;
    Seq previous_ = 0;  // where the batch being read begins
    Seq pinned_ = 0;
    // All above this position was appended at one time.
    Seq read_together_from_ = 0;
    MonoTime read_appended_;
    MonoTime now_;
    std::optional<MonoTime> newly_read_;  // when the oldest entry that was not flushed yet was appended
    bool links_keys_ = false;             // conflation keys are kept track of
    std::unordered_map<SessionHandle, SessionView> views_;
    // Those who were up to date go first: in a storm of resumes they wait for none of those who catch up.
    FlushQueue up_to_date_, catching_up_;
};

}  // namespace mythos::hub
