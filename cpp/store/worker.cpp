#include "store/worker.hpp"

#include <algorithm>
#include <chrono>

#include "base/ids.hpp"
#include "store/schema.hpp"

namespace mythos::store {

namespace {

constexpr int kRunBits = 65;

std::chrono::nanoseconds chrono(Duration d) { return std::chrono::nanoseconds(d.ns); }

ServerRun run_of(const StoreSettings& settings) {
    return {random_name("r_", kRunBits), settings.server_id, SystemClock().wall()};
}

}  // namespace

Store::Worker::Worker(const StoreSettings& given, observe::Log& log, observe::ErrorTracker& errors)
    : settings(given),
      events(given.queue_events),
      run_(run_of(given)),
      jitter_(static_cast<std::uint64_t>(clock_.mono().ns), std::nullopt),
      log_(&log),
      errors_(&errors) {}

void Store::Worker::run() {
    while (!ends()) turn();
    finish();
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

bool Store::Worker::ends() const {
    const std::lock_guard lock(mutex_);
    if (!end_by_) return false;
    // One that did not answer before would not do so within what is left.
    const bool hopeless = session_ == nullptr && fault_ == Fault::timed_out;
    return hopeless || events.size() == 0 || mono() >= *end_by_;
}

void Store::Worker::turn() {
    if (mono() < next_attempt_) return rest();
    if (session_ == nullptr && !connect()) return;
    if (mono() >= next_touch_) {
        const MonoTime began = mono();
        if (!attempt([&](HistoryWriter& writer) { writer.touch(wall()); })) return;
        next_touch_ = mono() + settings.touch_interval;
        const std::lock_guard lock(mutex_);
        response_time_ms_ = (mono() - began).seconds() * 1e3;
    }
    if (batch_.empty()) events.take(batch_, settings.batch_events);
    if (!batch_.empty()) return write_batch();
    if (settings.retention.ns > 0 && mono() >= next_prune_) {
        bool more = false;
        if (!attempt([&](HistoryWriter& writer) { more = writer.prune({wall().ns - settings.retention.ns}); })) return;
        if (!more) next_prune_ = mono() + settings.prune_interval;
    }
    const Duration idle = std::min(next_touch_, settings.retention.ns > 0 ? next_prune_ : next_touch_) - mono();
    if (idle.ns > 0 && !ends()) events.gather(idle, settings.linger, settings.batch_events);
}

void Store::Worker::rest() {
    std::unique_lock lock(mutex_);
    const bool ending = end_by_.has_value();
    MonoTime until = next_attempt_;
    if (ending) until = std::min(until, *end_by_);
    changed_.wait_for(lock, chrono(until - mono()), [&] { return end_by_.has_value() != ending; });
}

template <class F>
bool Store::Worker::attempt(F&& f) {
    Fault fault = Fault::none;
    bool cut_off = false;  // written by the watchdog, read when it is disarmed
    watchdog_.arm(settings.statement_bound, [&] {
        cut_off = true;
        session_->interrupt();
    });
    try {
        HistoryWriter writer(*session_, run_);
        f(writer);
        watchdog_.disarm();
    } catch (const SchemaNewer&) {
        watchdog_.disarm();
        fault = Fault::schema_newer;
    } catch (const std::exception& thrown) {
        watchdog_.disarm();
        fault = cut_off ? Fault::timed_out : fault_of(thrown, false);
    }
    note(fault);
    if (fault == Fault::none) return true;
    // A lock goes away by itself; after anything else a new connection is the surest.
    if (fault != Fault::locked && fault != Fault::rejected) {
        session_.reset();
        const std::lock_guard lock(mutex_);
        connected_ = false;
    }
    return false;
}

bool Store::Worker::connect() {
    try {
        session_ = std::make_unique<Session>(settings.url);
    } catch (const std::exception& thrown) {
        note(fault_of(thrown, true));
        return false;
    }
    {
        const std::lock_guard lock(mutex_);
        connected_ = true;
    }
    const bool ready = attempt([&](HistoryWriter& writer) {
        session_->prepare();
        migrate(*session_, wall());
        writer.begin(wall());
    });
    if (!ready) {
        session_.reset();
        const std::lock_guard lock(mutex_);
        connected_ = false;
    }
    return ready;
}

void Store::Worker::write_batch() {
    const std::span<const Event> events_now(batch_.data(), one_by_one_ > 0 ? 1 : batch_.size());
    if (attempt([&](HistoryWriter& writer) { writer.write(events_now, wall()); }))
        return settle(events_now.size(), std::nullopt);
    if (!was_rejected()) return;
    // One of them is not to the database's taste, and must not hold up the others for ever.
    next_attempt_ = mono();
    if (events_now.size() == 1) return settle(1, Drop::rejected);
    one_by_one_ = batch_.size();
}

bool Store::Worker::was_rejected() const {
    const std::lock_guard lock(mutex_);
    return fault_ == Fault::rejected;
}

// The first of the batch are written, or given up.
void Store::Worker::settle(std::size_t count, std::optional<Drop> dropped) {
    batch_.erase(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(count));
    one_by_one_ -= std::min(one_by_one_, count);
    {
        const std::lock_guard lock(mutex_);
        (dropped ? dropped_[static_cast<std::size_t>(*dropped)] : written_) += count;
    }
    events.settle(count);
}

// What an attempt came to: when the next one is, and a line where something has changed.
void Store::Worker::note(Fault fault) {
    failures_ = fault == Fault::none ? 0 : failures_ + 1;
    if (fault != Fault::none)
        next_attempt_ = mono() + jitter_.backoff(settings.retry_first, settings.retry_max, failures_);
    const std::lock_guard lock(mutex_);
    const bool changed = fault != fault_ || !tried_;
    fault_ = fault;
    tried_ = true;
    if (fault != Fault::none) last_fault_ = fault;
    changed_.notify_all();
    if (!changed || log_ == nullptr) return;
    if (fault == Fault::none) {
        log_->info("Database connected", {{"database", settings.url.shown}, {"queued", events.size()}});
    } else {
        errors_->record(stats::Counter::store_failures,
                        {.code = name_of(fault),
                         .event = is_away(fault) ? std::string_view("Database away") : std::string_view(),
                         .log = log_},
                        {{"database", settings.url.shown}, {"queued", events.size()}});
    }
}

void Store::Worker::finish() {
    if (session_ != nullptr && mono() >= next_attempt_) attempt([&](HistoryWriter& writer) { writer.end(wall()); });
    session_.reset();
    if (const std::size_t left = events.size(); left > 0) {
        events.settle(left);
        const std::lock_guard lock(mutex_);
        connected_ = false;
        note_left(left);
    }
}

std::optional<Fault> Store::Worker::await_first(Duration at_most) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, chrono(at_most), [&] { return tried_; })) return std::nullopt;
    return fault_;
}

void Store::Worker::end() {
    {
        const std::lock_guard lock(mutex_);
        if (!end_by_) end_by_ = mono() + settings.stop_bound;
    }
    changed_.notify_all();
    events.wake();
}

bool Store::Worker::await_end(Duration at_most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, chrono(at_most), [&] { return ended_; });
}

void Store::Worker::abandon() {
    const std::lock_guard lock(mutex_);
    note_left(events.size());
    log_ = nullptr;
}

// What the database was never told. With the lock held.
void Store::Worker::note_left(std::size_t left) {
    if (left == 0 || log_ == nullptr) return;
    dropped_[static_cast<std::size_t>(Drop::shutdown)] += left;
    errors_->record(stats::Counter::store_drops, {.log = log_}, {{"events", left}});
}

StoreProbe Store::Worker::probe() const {
    StoreProbe told;
    told.queue_length = events.size();
    told.queue_max = events.capacity();
    const std::lock_guard lock(mutex_);
    told.fault = fault_;
    told.last_fault = last_fault_;
    told.response_time_ms = response_time_ms_;
    told.connection_count = connected_ ? 1 : 0;
    told.written = written_;
    told.dropped = dropped_;
    told.dropped[static_cast<std::size_t>(Drop::queue_full)] += events.dropped();
    told.status = is_away(fault_)                                                   ? StoreStatus::unhealthy
                  : fault_ != Fault::none || told.queue_length > told.queue_max / 2 ? StoreStatus::degraded
                                                                                    : StoreStatus::healthy;
    return told;
}

}  // namespace mythos::store
