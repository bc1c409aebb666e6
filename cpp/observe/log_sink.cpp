#include "observe/log_sink.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <utility>

#include "observe/log_output.hpp"

namespace mythos::observe {
namespace {

// Lives on spdlog's thread. The lines are complete when they arrive, so spdlog's own pattern is not used.
class OutputSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    OutputSink(LogOutput& output, spdlog::details::thread_pool& pool, const LogSettings& settings, const Clock& clock)
        : output_(output), pool_(pool), settings_(settings), clock_(clock) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        output_.append({message.payload.data(), message.payload.size()});
        const std::size_t waiting = pool_.queue_size();
        if (waiting <= settings_.queue_lines / 2) report_drops();
        if (waiting == 0) flush_();
    }

    void flush_() override {
        output_.flush();
        if (report_unwritten()) output_.flush();
    }

    void report_drops() {
        const std::uint64_t dropped = pool_.overrun_counter();
        if (dropped == dropped_told_) return;
        const std::array fields{Field("dropped", dropped - std::exchange(dropped_told_, dropped)),
                                Field("dropped_total", dropped)};
        report("Log lines dropped because the queue was full", fields);
    }

    // Once the disk takes lines again. True: there was something to tell.
    bool report_unwritten() {
        const LogFile* file = output_.file();
        if (file == nullptr || !file->is_well()) return false;
        const std::uint64_t bytes = file->unwritten_bytes();
        if (bytes == unwritten_told_) return false;
        const std::array fields{Field("unwritten_bytes", bytes - std::exchange(unwritten_told_, bytes)),
                                Field("unwritten_bytes_total", bytes)};
        report("Log file did not take all lines", fields);
        return true;
    }

    void report(std::string_view event, std::span<const Field> fields) {
        output_.append(format_line(settings_.format, clock_.wall(), Level::warning, "server", event, fields));
    }

    LogOutput& output_;
    spdlog::details::thread_pool& pool_;
    const LogSettings settings_;
    const Clock& clock_;
    std::uint64_t dropped_told_ = 0;
    std::uint64_t unwritten_told_ = 0;
};

}  // namespace

// Destroyed from the last member up: the logger, then the pool, whose thread empties the queue, then the output.
struct LogSink::Backend {
    Backend(const LogSettings& settings, const Clock& clock, std::unique_ptr<LogFile> file)
        : output(settings.output, std::move(file)),
          pool(std::make_shared<spdlog::details::thread_pool>(settings.queue_lines, 1)),
          logger(std::make_shared<spdlog::async_logger>("mythos",
                                                        std::make_shared<OutputSink>(output, *pool, settings, clock),
                                                        pool, spdlog::async_overflow_policy::overrun_oldest)) {}

    LogOutput output;
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
};

Result<std::shared_ptr<LogSink>> LogSink::open(const LogSettings& settings, const Clock& clock) {
    std::unique_ptr<LogFile> file;
    if (!settings.file.empty()) {
        file = std::make_unique<LogFile>(settings.file, settings.rotation, clock);
        if (auto opened = file->open(); !opened) return opened.error();
    }
    return std::shared_ptr<LogSink>(new LogSink(std::make_unique<Backend>(settings, clock, std::move(file))));
}

LogSink::LogSink(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}
LogSink::~LogSink() = default;

void LogSink::write(std::string_view line) {
    backend_->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void LogSink::reopen() {
    if (LogFile* file = backend_->output.file()) file->reopen();
}

void LogSink::set_rotation(LogRotation rotation) {
    if (LogFile* file = backend_->output.file()) file->set_rotation(rotation);
}

LogStatistics LogSink::statistics() const {
    LogStatistics told;
    told.dropped_lines = backend_->pool->overrun_counter();
    told.unwritten_stream_bytes = backend_->output.unwritten_bytes();
    if (const LogFile* file = backend_->output.file()) {
        told.unwritten_file_bytes = file->unwritten_bytes();
        told.rotations = file->rotations();
    }
    return told;
}

}  // namespace mythos::observe
