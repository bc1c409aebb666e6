// The server's log: named loggers, one line an event, written by a thread of its own (log_sink.hpp) to a stream and, if
// asked for, to a file as well.
//
//     Log& log = logging.named("server.realtime");
//     log.info("WebSocket connected", {{"player_id", player}, {"establishment_time_ms", 1.2}});
//
// Who logs never waits: the line is built at once, and put into the sink's bounded queue. What the level leaves out
// costs one relaxed load. A field's text may come from outside; no token or other secret is ever given to a line.
//
// Thread-safety: everything here may be called from any thread, but for construction and destruction. A Log lives as
// long as its Logging; the last Logging of a sink writes what is queued.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "observe/log_line.hpp"
#include "observe/log_sink.hpp"

namespace mythos::observe {

class Logging;

// One named logger. Not copied: take a reference.
class Log {
public:
    Log(Logging& logging, std::string name) : logging_(logging), name_(std::move(name)) {}
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    using Fields = std::initializer_list<Field>;
    void debug(std::string_view event, Fields fields = {}) { write(Level::debug, event, fields); }
    void info(std::string_view event, Fields fields = {}) { write(Level::info, event, fields); }
    void warning(std::string_view event, Fields fields = {}) { write(Level::warning, event, fields); }
    void error(std::string_view event, Fields fields = {}) { write(Level::error, event, fields); }
    void critical(std::string_view event, Fields fields = {}) { write(Level::critical, event, fields); }

    // For a set of fields that is put together as it goes.
    void write(Level level, std::string_view event, std::span<const Field> fields);
    void write(Level level, std::string_view event, Fields fields) {
        write(level, event, std::span(fields.begin(), fields.size()));
    }
    bool enabled(Level level) const;
    const std::string& name() const { return name_; }
    // Another logger of the same log.
    Log& named(std::string_view name);

private:
    Logging& logging_;
    const std::string name_;
};

class Logging {
public:
    // `clock` gives the timestamps and outlives this. Error `log_file`: the file cannot be opened for appending.
    static Result<std::unique_ptr<Logging>> open(const LogSettings& settings, const Clock& clock);
    // The same on a sink that others write to as well: level and format are its own.
    Logging(std::shared_ptr<LogSink> sink, Level level, LogFormat format, const Clock& clock);

    // The logger of that name, made at the first call.
    Log& named(std::string_view name);

    void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }
    Level level() const { return level_.load(std::memory_order_relaxed); }
    bool enabled(Level level) const { return level >= this->level(); }

    LogSink& sink() { return *sink_; }
    const LogSink& sink() const { return *sink_; }
    // Lines that were handed over, since the start.
    std::uint64_t lines(Level level) const {
        return lines_[static_cast<std::size_t>(level)].load(std::memory_order_relaxed);
    }

private:
    friend class Log;
    void write(Level level, std::string_view logger, std::string_view event, std::span<const Field> fields);

    const std::shared_ptr<LogSink> sink_;
    std::atomic<Level> level_;
    const LogFormat format_;
    const Clock& clock_;
    std::atomic<std::uint64_t> lines_[kLevels]{};
    std::mutex mutex_;  // guards names_
    std::map<std::string, Log, std::less<>> names_;
};

}  // namespace mythos::observe
