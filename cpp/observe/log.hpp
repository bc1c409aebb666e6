// The server's log: named loggers, one line an event, written by a thread of its own (spdlog's) to standard output and,
// if asked for, to a file as well.
//
//     Log& log = logging.named("server.realtime");
//     log.info("WebSocket connected", {{"player_id", player}, {"establishment_time_ms", 1.2}});
//
// Who logs never waits: the line is built at once, and put into a queue of kLogQueueLines. When that is full its oldest
// line is dropped; dropped() counts them, and a line says so as soon as the queue has drained. What the level leaves
// out costs one relaxed load.
//
// Thread-safety: everything here may be called from any thread, but for construction and destruction. A Log lives as
// long as its Logging, whose destructor writes what is queued. SIGPIPE has to be ignored by the process.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "observe/log_line.hpp"

namespace mythos::observe {

struct LogSettings {
    Level level = Level::info;
    LogFormat format = LogFormat::json;
    std::string file;  // empty: none
    int output = 1;    // descriptor of the stream that always gets the lines; not owned
    std::size_t queue_lines = kLogQueueLines;
};

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

private:
    Logging& logging_;
    const std::string name_;
};

class Logging {
public:
    // `clock` gives the timestamps and outlives this. Error `log_file`: the file cannot be opened for appending.
    static Result<std::unique_ptr<Logging>> open(const LogSettings& settings, const Clock& clock);
    ~Logging();

    // The logger of that name, made at the first call.
    Log& named(std::string_view name);

    void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }
    Level level() const { return level_.load(std::memory_order_relaxed); }
    bool enabled(Level level) const { return level >= this->level(); }

    // Opens the file anew before the next line, for a rotation that has moved it away. Where that fails the lines go
    // on into the old one.
    void reopen();

    // Lines that were dropped because the queue was full, and bytes that could not be written, since the start.
    std::uint64_t dropped() const;
    std::uint64_t unwritten_bytes() const;

private:
    friend class Log;
    struct Backend;
    Logging(const LogSettings& settings, const Clock& clock, std::unique_ptr<Backend> backend);
    void write(Level level, std::string_view logger, std::string_view event, std::span<const Field> fields);

    std::atomic<Level> level_;
    const LogFormat format_;
    const Clock& clock_;
    const std::unique_ptr<Backend> backend_;
};

}  // namespace mythos::observe
