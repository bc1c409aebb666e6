#include "observe/error_tracker.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace mythos::observe {

using stats::Severity;

namespace {

constexpr std::string_view kOther = "other";

Level level_of(Severity severity) {
    if (severity == Severity::critical) return Level::critical;
    return severity == Severity::low ? Level::warning : Level::error;
}

void add_text(std::vector<Field>& fields, std::string_view key, std::string_view value) {
    if (!value.empty()) fields.emplace_back(key, value);
}

void add_ids(std::vector<Field>& fields, const ErrorContext& context) {
    add_text(fields, "player_id", context.player_id);
    add_text(fields, "session_id", context.session_id);
    add_text(fields, "connection_id", context.connection_id);
}

std::string message_of(std::string_view event, std::string_view text) {
    std::string message(event);
    if (!event.empty() && !text.empty()) message += ": ";
    message += text;
    return message.substr(0, kLogTextBytesMax);
}

}  // namespace

std::string fingerprint_of(stats::ErrorType type, std::string_view code) {
    return std::string(name_of(type)).append(1, '/').append(code);
}

ErrorTracker::ErrorTracker(const Clock& clock, std::size_t samples_max)
    : clock_(clock), samples_max_(std::max<std::size_t>(samples_max, 1)) {}

void ErrorTracker::record(stats::CounterShard& counters, stats::Counter fault, const ErrorContext& context,
                          Fields details) {
    counters.add(fault);
    note(fault, context, details);
}

void ErrorTracker::record(stats::CounterShard& counters, stats::Rejection why, std::size_t wire,
                          const ErrorContext& context, Fields details) {
    counters.add(why, wire);
    note(stats::rejected(why), context, details);
}

void ErrorTracker::record(stats::Counter fault, const ErrorContext& context, Fields details) {
    {
        const std::lock_guard lock(mutex_);
        shared_counters_.add(fault);
    }
    note(fault, context, details);
}

void ErrorTracker::note(stats::Counter fault, const ErrorContext& context, Fields details) {
    const stats::Fault* row = fault_of(fault);
    assert(row != nullptr);
    note({row->type, row->severity, code_of(*row), row->event, row->text, code_of(*row)}, context,
         std::span(details.begin(), details.size()), {});
}

void ErrorTracker::tell(stats::CounterShard& counters, stats::Counter counter, std::string_view event,
                        const ErrorContext& context, Fields details) const {
    counters.add(counter);
    write_told(event, context, details);
}

void ErrorTracker::tell(stats::Counter counter, std::string_view event, const ErrorContext& context, Fields details) {
    {
        const std::lock_guard lock(mutex_);
        shared_counters_.add(counter);
    }
    write_told(event, context, details);
}

void ErrorTracker::write_told(std::string_view event, const ErrorContext& context, Fields details) const noexcept {
    Log* log = log_.load(std::memory_order_acquire);
    if (log == nullptr || !log->enabled(Level::info)) return;
    try {
        std::vector<Field> fields;
        add_ids(fields, context);
        fields.insert(fields.end(), details.begin(), details.end());
        log->write(Level::info, event, fields);
    } catch (const std::exception&) {}  // out of memory: it is counted by now
}

void ErrorTracker::record_own(stats::ErrorType type, Severity severity, const ErrorContext& context,
                              std::string details) {
    {
        const std::lock_guard lock(mutex_);
        own_counts_.add(index_of(type, severity));
    }
    note({type, severity, kOther, "Application error", {}}, context, {}, std::move(details));
}

// An error may come from a process out of memory: it is counted by now, and what cannot be kept is let go.
void ErrorTracker::note(const Kind& kind, const ErrorContext& context, std::span<const Field> details,
                        std::string json) noexcept {
    try {
        keep(kind, context, details, std::move(json));
    } catch (const std::exception&) { unkept_.fetch_add(1, std::memory_order_relaxed); }
}

void ErrorTracker::keep(const Kind& given, const ErrorContext& context, std::span<const Field> details,
                        std::string json) {
    Kind kind = given;
    if (!context.code.empty()) kind.code = context.code;
    if (!context.event.empty()) kind.event = context.event;
    if (!context.text.empty()) kind.text = context.text;
    if (json.empty() && !details.empty()) json = format_object(details);
    const WallTime wall = clock_.wall();
    ErrorSample sample{kind.type,
                       kind.severity,
                       std::string(kind.code),
                       message_of(kind.event, kind.text),
                       std::string(context.player_id),
                       std::string(context.session_id),
                       std::string(context.connection_id),
                       json,
                       wall};
    Line line;
    {
        const std::lock_guard lock(mutex_);
        Tracked& one = tracked(kind);
        if (one.group.count++ == 0) one.group.first = wall;
        one.group.last = wall;
        one.group.severity = kind.severity;
        line = line_of(one, clock_.mono());
        if (samples_.size() == samples_max_) samples_.pop_front();
        samples_.push_back(std::move(sample));
        ++recorded_;
    }
    if (line.written) write(kind, context, details, json, line.left_out);
}

ErrorTracker::Tracked& ErrorTracker::tracked(const Kind& kind) {
    Key key(kind.type, kind.code);
    auto found = groups_.find(key);
    if (found != groups_.end()) return found->second;
    if (groups_.size() >= kErrorGroupsMax) {
        ++ungrouped_;
        key.second = kOther;
        found = groups_.find(key);
        if (found != groups_.end()) return found->second;
    }
    Tracked& made = groups_[key];
    made.group.type = kind.type;
    made.group.code = key.second;
    return made;
}

ErrorTracker::Line ErrorTracker::line_of(Tracked& tracked, MonoTime now) const {
    if (tracked.lines == 0 || now - tracked.lines_since >= kErrorLinesTime) {
        tracked.lines_since = now;
        tracked.lines = 0;
    }
    if (tracked.lines == kErrorLinesEach) {
        ++tracked.left_out;
        return {};
    }
    ++tracked.lines;
    return {true, std::exchange(tracked.left_out, 0)};
}

Log* ErrorTracker::log_of(const Kind& kind, const ErrorContext& context) const {
    if (context.log != nullptr) return context.log;
    for (const auto& [event, log] : logs_)
        if (event == kind.event) return log;
    return log_.load(std::memory_order_acquire);
}

void ErrorTracker::write(const Kind& kind, const ErrorContext& context, std::span<const Field> details,
                         const std::string& json, std::uint64_t left_out) const {
    Log* log = log_of(kind, context);
    const Level level = level_of(kind.severity);
    if (log == nullptr || !log->enabled(level)) return;
    std::vector<Field> fields{
        {"error_type", name_of(kind.type)}, {"severity", name_of(kind.severity)}, {"error_code", kind.code}};
    add_text(fields, "reason", kind.reason);
    add_ids(fields, context);
    add_text(fields, "error", kind.text);
    add_text(fields, "fault", context.exception);
    add_text(fields, "trace_id", context.trace_id);
    if (details.empty() && !json.empty()) fields.emplace_back("details", Json{json});
    fields.insert(fields.end(), details.begin(), details.end());
    if (left_out > 0) fields.emplace_back("left_out", left_out);
    log->write(level, kind.event, fields);
}

void ErrorTracker::tick() {
    struct LeftOut {
        ErrorGroup group;
        std::uint64_t lines;
    };
    std::vector<LeftOut> untold;
    {
        const std::lock_guard lock(mutex_);
        const MonoTime now = clock_.mono();
        for (auto& [key, one] : groups_)
            if (one.left_out > 0 && now - one.lines_since >= kErrorLinesTime)
                untold.push_back({one.group, std::exchange(one.left_out, 0)});
    }
    Log* log = log_.load(std::memory_order_acquire);
    if (log == nullptr) return;
    for (const auto& [group, lines] : untold)
        log->write(level_of(group.severity), "Errors left out of the log",
                   {{"error_type", name_of(group.type)},
                    {"severity", name_of(group.severity)},
                    {"error_code", group.code},
                    {"left_out", lines}});
}

std::vector<ErrorSample> ErrorTracker::recent(std::size_t max) const {
    const std::lock_guard lock(mutex_);
    const auto many = static_cast<std::ptrdiff_t>(std::min(max, samples_.size()));
    return {samples_.rbegin(), samples_.rbegin() + many};
}

std::size_t ErrorTracker::samples_max() const {
    const std::lock_guard lock(mutex_);
    return samples_max_;
}

void ErrorTracker::set_samples_max(std::size_t samples_max) {
    const std::lock_guard lock(mutex_);
    samples_max_ = std::max<std::size_t>(samples_max, 1);
    while (samples_.size() > samples_max_) samples_.pop_front();
}

std::vector<ErrorGroup> ErrorTracker::groups() const {
    std::vector<ErrorGroup> all;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, one] : groups_) all.push_back(one.group);
    }
    std::ranges::stable_sort(all, std::ranges::greater{}, &ErrorGroup::count);
    return all;
}

std::uint64_t ErrorTracker::let_go() const {
    const std::lock_guard lock(mutex_);
    return recorded_ - samples_.size() + unkept_.load(std::memory_order_relaxed);
}

std::uint64_t ErrorTracker::ungrouped() const {
    const std::lock_guard lock(mutex_);
    return ungrouped_;
}

}  // namespace mythos::observe
