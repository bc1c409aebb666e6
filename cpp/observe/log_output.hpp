// Where log lines end: a stream that is always there, and a file that can be opened anew while lines flow.
//
// Gathers lines and hands them to the kernel together. One thread calls append() and flush(); reopen() and
// unwritten_bytes() are for any thread. Owns the file's descriptor, not the stream's.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mythos::observe {

// Gathered before a write even while more lines wait; a pipe's capacity on Linux.
inline constexpr std::size_t kLogWriteBytes = 64 * 1024;

class LogOutput {
public:
    // No file if `path` is empty.
    LogOutput(int stream, std::string path) : stream_(stream), path_(std::move(path)) {}
    ~LogOutput();
    LogOutput(const LogOutput&) = delete;
    LogOutput& operator=(const LogOutput&) = delete;

    // Opens the file for appending. Error `log_file`.
    Result<void> open();

    // Adds a line and its end; writes when kLogWriteBytes have gathered.
    void append(std::string_view line);
    // Writes what was gathered.
    void flush();

    void reopen() { reopen_.store(true); }
    std::uint64_t unwritten_bytes() const { return unwritten_.load(std::memory_order_relaxed); }

private:
    void write_all(int descriptor);

    const int stream_;
    const std::string path_;
    int file_ = -1;
    std::string gathered_;
    std::atomic<bool> reopen_{false};
    std::atomic<std::uint64_t> unwritten_{0};
};

}  // namespace mythos::observe
