// The errors of a node: counted by type and severity, the newest kept with the ids of whom they befell, alike ones
// grouped, each a line of the log.
//
//     errors.record(Counter::rejected_bad_cursor, {.player_id = player}, {{"close_code", 1008}});
//
// One call counts, keeps and logs, so that none can be forgotten. Counts are those of the counters that stand in the
// table of errors (stats/faults.def), exact whatever is kept; a program's own errors are counted beside them. What is
// kept is bounded: the newest `samples_max` errors, and kErrorGroupsMax groups by fingerprint, which is type and code;
// beyond it groups fall together under the code `other`. A log line is written for the first kErrorLinesEach of a
// fingerprint in each kErrorLinesTime; the next line says how many were left out (`left_out`), or `tick` does.
//
// Recording does not throw: what there is no memory for is counted and not kept.
//
// Thread-safety: any thread. Errors are rare: recording one takes a lock for a look-up and a few short copies. The log
// is written outside of it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "observe/log.hpp"
#include "stats/faults.hpp"

namespace mythos::observe {

inline constexpr std::size_t kErrorGroupsMax = 256;
inline constexpr std::size_t kErrorSamplesMax = 1'000;
inline constexpr std::uint64_t kErrorLinesEach = 10;
inline constexpr Duration kErrorLinesTime = seconds(10);

// What is known of an error beside its kind; empty is not known. Borrowed for the call.
struct ErrorContext {
    std::string_view player_id = {}, session_id = {}, connection_id = {};
    std::string_view code = {};       // where it is finer than the table's
    std::string_view event = {};      // where the place has a name for it
    std::string_view text = {};       // where there is more to say than the table does; nothing that must stay inside
    std::string_view exception = {};  // goes into the log and nowhere else
    std::string_view trace_id = {};   // likewise
    Log* log = nullptr;               // of another part of the server than the tracker's
};

struct ErrorSample {
    stats::ErrorType type;
    stats::Severity severity;
    std::string code, message;
    std::string player_id, session_id, connection_id;
    std::string details;  // JSON object, or empty
    WallTime at;
};

// `connection_error/draining`: what groups like errors.
std::string fingerprint_of(stats::ErrorType type, std::string_view code);

struct ErrorGroup {
    stats::ErrorType type;
    stats::Severity severity;  // of the newest
    std::string code;
    std::uint64_t count = 0;
    WallTime first, last;
    std::string fingerprint() const { return fingerprint_of(type, code); }
};

class ErrorTracker {
public:
    using Fields = std::initializer_list<Field>;

    // `clock` outlives it. Without a log nothing is written.
    explicit ErrorTracker(const Clock& clock, std::size_t samples_max = kErrorSamplesMax);
    void set_log(Log& log) { log_.store(&log, std::memory_order_release); }
    // Errors of this event are written to a log of their own. Before anything is recorded.
    void set_log_of(std::string_view event, Log& log) { logs_.emplace_back(event, &log); }

    // `fault` has a row in the table; it is counted in `counters`, which is the calling thread's own.
    void record(stats::CounterShard& counters, stats::Counter fault, const ErrorContext& context, Fields details = {});
    // A refused connection counts for its reason and as a failure of its wire, and is one error.
    void record(stats::CounterShard& counters, stats::Rejection why, std::size_t wire, const ErrorContext& context,
                Fields details = {});
    // The same as the first for threads that have no shard.
    void record(stats::Counter fault, const ErrorContext& context, Fields details = {});
    // What is no error but has to be told: counted, and a line at info.
    void tell(stats::CounterShard& counters, stats::Counter counter, std::string_view event,
              const ErrorContext& context, Fields details = {}) const;
    void tell(stats::Counter counter, std::string_view event, const ErrorContext& context, Fields details = {});
    // An error of the program that the server is part of, of which the table knows nothing. `details`: JSON object.
    void record_own(stats::ErrorType type, stats::Severity severity, const ErrorContext& context,
                    std::string details = {});

    // Writes how many lines were left out where no further error has said so. Call about once a second.
    void tick();

    // Of what threads without a shard recorded, and of a program's own errors.
    std::uint64_t count(stats::Counter counter) const { return shared_counters_.read(counter); }
    std::uint64_t count_own(std::size_t index) const { return own_counts_.read(index); }

    // At most `max`, newest first.
    std::vector<ErrorSample> recent(std::size_t max) const;
    // The most frequent first.
    std::vector<ErrorGroup> groups() const;
    // How many errors were recorded and are not kept any more, and how many are in no group of their own.
    std::uint64_t let_go() const;
    std::uint64_t ungrouped() const;
    std::size_t samples_max() const;
    // At least 1; where fewer are kept than before, the oldest are let go.
    void set_samples_max(std::size_t samples_max);

private:
    struct Kind {
        stats::ErrorType type;
        stats::Severity severity;
        std::string_view code, event, text;
        std::string_view reason = {};  // the counter's label, of which the code may be a finer one
    };
    struct Tracked {
        ErrorGroup group;
        MonoTime lines_since;
        std::uint64_t lines = 0, left_out = 0;
    };
    using Key = std::pair<stats::ErrorType, std::string>;
    // What a log line needs that only the lock guards.
    struct Line {
        bool written = false;
        std::uint64_t left_out = 0;
    };

    Log* log_of(const Kind& kind, const ErrorContext& context) const;
    void write_told(std::string_view event, const ErrorContext& context, Fields details) const noexcept;
    void note(stats::Counter fault, const ErrorContext& context, Fields details);
    void note(const Kind& kind, const ErrorContext& context, std::span<const Field> details, std::string json) noexcept;
    void keep(const Kind& kind, const ErrorContext& context, std::span<const Field> details, std::string json);
    Tracked& tracked(const Kind& kind);
    Line line_of(Tracked& tracked, MonoTime now) const;
    void write(const Kind& kind, const ErrorContext& context, std::span<const Field> details, const std::string& json,
               std::uint64_t left_out) const;

    const Clock& clock_;
    std::atomic<Log*> log_{nullptr};
    std::vector<std::pair<std::string_view, Log*>> logs_;
    std::atomic<std::uint64_t> unkept_{0};  // for want of memory
    mutable std::mutex mutex_;              // guards what follows; the counts are written under it and read without
    std::map<Key, Tracked, std::less<>> groups_;
    std::size_t samples_max_;
    std::deque<ErrorSample> samples_;  // newest last
    std::uint64_t recorded_ = 0, ungrouped_ = 0;
    stats::CounterShard shared_counters_;
    stats::ErrorShard own_counts_;
};

// One thread's way to record: its shard and the tracker together.
class ErrorRecorder {
public:
    ErrorRecorder(ErrorTracker& tracker, stats::CounterShard& counters) : tracker_(tracker), counters_(counters) {}
    void record(stats::Counter fault, const ErrorContext& context = {}, ErrorTracker::Fields details = {}) {
        tracker_.record(counters_, fault, context, details);
    }
    void record(stats::Rejection why, std::size_t wire, const ErrorContext& context,
                ErrorTracker::Fields details = {}) {
        tracker_.record(counters_, why, wire, context, details);
    }
    void tell(stats::Counter counter, std::string_view event, const ErrorContext& context,
              ErrorTracker::Fields details = {}) {
        tracker_.tell(counters_, counter, event, context, details);
    }

private:
    ErrorTracker& tracker_;
    stats::CounterShard& counters_;
};

}  // namespace mythos::observe
