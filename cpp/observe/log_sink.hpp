// The bounded queue of lines and the thread that writes them: what one or several Loggings share.
//
// Who hands over a line never waits: into a full queue it goes in the place of the oldest. What is dropped, or taken by
// no disk, is counted, and told in a line of its own as soon as lines get through again.
//
// Thread-safety: any thread, but for construction and destruction, which writes what is queued. SIGPIPE has to be
// ignored by the process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "observe/log_file.hpp"
#include "observe/log_line.hpp"

namespace mythos::observe {

struct LogSettings {
    Level level = Level::info;
    LogFormat format = LogFormat::json;
    std::string file;  // empty: none
    LogRotation rotation{};
    int output = 1;  // descriptor of the stream that always gets the lines; not owned
    std::size_t queue_lines = kLogQueueLines;
};

// Since the start.
struct LogStatistics {
    std::uint64_t dropped_lines = 0;           // because the queue was full
    std::uint64_t unwritten_stream_bytes = 0;  // that the stream did not take
    std::uint64_t unwritten_file_bytes = 0;    // that the file did not take
    std::uint64_t rotations = 0;
};

class LogSink {
public:
    // `clock` outlives it. Of the settings the level is not used. Error `log_file`: the file cannot be appended to.
    static Result<std::shared_ptr<LogSink>> open(const LogSettings& settings, const Clock& clock);
    ~LogSink();

    // A whole line without its end.
    void write(std::string_view line);

    // Opens the file anew before the next line, for a rotation that has moved it away. Where that fails the lines go
    // on into the old one.
    void reopen();
    void set_rotation(LogRotation rotation);

    LogStatistics statistics() const;

private:
    struct Backend;
    explicit LogSink(std::unique_ptr<Backend> backend);
    const std::unique_ptr<Backend> backend_;
};

}  // namespace mythos::observe
