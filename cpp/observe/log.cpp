#include "observe/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <map>
#include <mutex>

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
        if (waiting == 0) output_.flush();
    }
    void flush_() override { output_.flush(); }

    void report_drops() {
        const std::uint64_t dropped = pool_.overrun_counter();
        if (dropped == reported_) return;
        const std::array fields{Field("dropped", dropped - reported_), Field("dropped_total", dropped)};
        reported_ = dropped;
        output_.append(format_line(settings_.format, clock_.wall(), Level::warning, "server",
                                   "Log lines dropped because the queue was full", fields));
    }

    LogOutput& output_;
    spdlog::details::thread_pool& pool_;
    const LogSettings settings_;
    const Clock& clock_;
    std::uint64_t reported_ = 0;
};

}  // namespace

// Destroyed from the last member up: the logger, then the pool, whose thread empties the queue, then the output.
struct Logging::Backend {
    Backend(const LogSettings& settings, const Clock& clock)
        : output(settings.output, settings.file),
          pool(std::make_shared<spdlog::details::thread_pool>(settings.queue_lines, 1)),
          logger(std::make_shared<spdlog::async_logger>("mythos",
                                                        std::make_shared<OutputSink>(output, *pool, settings, clock),
                                                        pool, spdlog::async_overflow_policy::overrun_oldest)) {}

    LogOutput output;
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
    std::mutex mutex;  // guards names
    std::map<std::string, Log, std::less<>> names;
};

Result<std::unique_ptr<Logging>> Logging::open(const LogSettings& settings, const Clock& clock) {
    auto backend = std::make_unique<Backend>(settings, clock);
    if (auto opened = backend->output.open(); !opened) return opened.error();
    return std::unique_ptr<Logging>(new Logging(settings, clock, std::move(backend)));
}

Logging::Logging(const LogSettings& settings, const Clock& clock, std::unique_ptr<Backend> backend)
    : level_(settings.level), format_(settings.format), clock_(clock), backend_(std::move(backend)) {}

Logging::~Logging() = default;

Log& Logging::named(std::string_view name) {
    const std::lock_guard lock(backend_->mutex);
    auto found = backend_->names.find(name);
    if (found == backend_->names.end()) {
        found = backend_->names.try_emplace(std::string(name), *this, std::string(name)).first;
    }
    return found->second;
}

void Logging::reopen() { backend_->output.reopen(); }
std::uint64_t Logging::dropped() const { return backend_->pool->overrun_counter(); }
std::uint64_t Logging::unwritten_bytes() const { return backend_->output.unwritten_bytes(); }

void Logging::write(Level level, std::string_view logger, std::string_view event, std::span<const Field> fields) {
    const std::string line = format_line(format_, clock_.wall(), level, logger, event, fields);
    backend_->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

bool Log::enabled(Level level) const { return logging_.enabled(level); }

void Log::write(Level level, std::string_view event, std::span<const Field> fields) {
    if (enabled(level)) logging_.write(level, name_, event, fields);
}

}  // namespace mythos::observe
