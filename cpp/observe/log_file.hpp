// The file that log lines are appended to: made with its directory, rotated by size and by age, opened anew while lines
// flow, and bounded by the disk only in what it can keep.
//
// A rotation renames the file (log_archive.hpp says to what) and begins a new one; a file that somebody else has moved
// away is not renamed a second time. What a full disk does not take is counted and forgotten, the next line is tried
// again, and a line that was cut short is ended before the next one, so that it alone is unreadable.
//
// Thread-safety: one thread calls open() and write(); the rest is for any thread. Owns its descriptor.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "observe/log_archive.hpp"

namespace mythos::observe {

struct LogRotation {
    std::uint64_t bytes = 0;  // 0: however large it is
    Duration age{};           // 0: however old
    std::size_t keep = 1;     // rotated files; older ones are deleted
    friend bool operator==(const LogRotation&, const LogRotation&) = default;
};

class LogFile {
public:
    // `clock` outlives it.
    LogFile(std::string path, LogRotation rotation, const Clock& clock);
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    // Opens it for appending, with its directory made where there is none. Error `log_file`.
    Result<void> open();

    // Appends whole lines, after a rotation where one is due.
    void write(std::string_view lines);

    // Opens it anew before the next line. Where that fails the lines go on into the old one.
    void reopen() { reopen_.store(true); }
    void set_rotation(LogRotation rotation);

    std::uint64_t unwritten_bytes() const { return unwritten_.load(std::memory_order_relaxed); }
    std::uint64_t rotations() const { return rotations_.load(std::memory_order_relaxed); }
    // Whether the last write got through whole.
    bool is_well() const { return well_; }

private:
    bool is_due(std::size_t more) const;
    bool is_where_it_was() const;
    void rotate();
    // How many bytes the file took.
    std::size_t append(std::string_view bytes);

    const std::string path_;
    const Clock& clock_;
    std::atomic<std::uint64_t> rotate_bytes_;
    std::atomic<std::int64_t> rotate_age_ns_;
    std::atomic<std::size_t> keep_;
    int file_ = -1;
    std::uint64_t size_ = 0;
    MonoTime begun_;
    bool well_ = true;
    bool cut_ = false;  // ends within a line
    std::atomic<bool> reopen_{false};
    std::atomic<std::uint64_t> unwritten_{0};
    std::atomic<std::uint64_t> rotations_{0};
    LogArchive archive_;
};

}  // namespace mythos::observe
