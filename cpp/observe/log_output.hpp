// Where log lines end: a stream that is always there, and a file (log_file.hpp) where one is asked for.
//
// Gathers lines and hands them to the kernel together. One thread calls append() and flush(); the rest is for any
// thread. Does not own the stream's descriptor.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "observe/log_file.hpp"

namespace mythos::observe {

// Gathered before a write even while more lines wait; a pipe's capacity on Linux.
inline constexpr std::size_t kLogWriteBytes = 64 * 1024;

class LogOutput {
public:
    // No file if `file` is null.
    explicit LogOutput(int stream, std::unique_ptr<LogFile> file = nullptr) : stream_(stream), file_(std::move(file)) {}
    ~LogOutput() { flush(); }
    LogOutput(const LogOutput&) = delete;
    LogOutput& operator=(const LogOutput&) = delete;

    // Adds a line and its end; writes when kLogWriteBytes have gathered.
    void append(std::string_view line);
    // Writes what was gathered.
    void flush();

    // Null: there is none.
    LogFile* file() const { return file_.get(); }
    // Bytes that the stream did not take.
    std::uint64_t unwritten_bytes() const { return unwritten_.load(std::memory_order_relaxed); }

private:
    void write_to_stream();

    const int stream_;
    const std::unique_ptr<LogFile> file_;
    std::string gathered_;
    std::atomic<std::uint64_t> unwritten_{0};
};

}  // namespace mythos::observe
