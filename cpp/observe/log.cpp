#include "observe/log.hpp"

#include <utility>

namespace mythos::observe {

Result<std::unique_ptr<Logging>> Logging::open(const LogSettings& settings, const Clock& clock) {
    auto sink = LogSink::open(settings, clock);
    if (!sink) return sink.error();
    return std::make_unique<Logging>(std::move(*sink), settings.level, settings.format, clock);
}

Logging::Logging(std::shared_ptr<LogSink> sink, Level level, LogFormat format, const Clock& clock)
    : sink_(std::move(sink)), level_(level), format_(format), clock_(clock) {}

Log& Logging::named(std::string_view name) {
    const std::lock_guard lock(mutex_);
    auto found = names_.find(name);
    if (found == names_.end()) found = names_.try_emplace(std::string(name), *this, std::string(name)).first;
    return found->second;
}

void Logging::write(Level level, std::string_view logger, std::string_view event, std::span<const Field> fields) {
    lines_[static_cast<std::size_t>(level)].fetch_add(1, std::memory_order_relaxed);
    sink_->write(format_line(format_, clock_.wall(), level, logger, event, fields));
}

Log& Log::named(std::string_view name) { return logging_.named(name); }

bool Log::enabled(Level level) const { return logging_.enabled(level); }

void Log::write(Level level, std::string_view event, std::span<const Field> fields) {
    if (enabled(level)) logging_.write(level, name_, event, fields);
}

}  // namespace mythos::observe
