#include "bindings/shared_sink.hpp"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "server/settings.hpp"

namespace mythos::bindings {

namespace {

constexpr std::size_t kQueueLines = 1'024;  // a server in a program is one of several things there

struct Sinks {
    std::mutex mutex;
    std::map<std::string, std::weak_ptr<observe::LogSink>> by_file;
};

// Never destroyed: threads that outlive the interpreter may still look.
Sinks*& sinks() {
    static Sinks* known = new Sinks;
    return known;
}

}  // namespace

const Clock& process_clock() {
    static const SystemClock* const clock = new SystemClock;
    return *clock;
}

observe::LogSettings embedded_log_settings(const server::Config& config) {
    observe::LogSettings settings = server::log_settings(config);
    if (config.log.file == "auto") settings.file.clear();
    settings.output = STDERR_FILENO;
    settings.queue_lines = kQueueLines;
    return settings;
}

Result<std::shared_ptr<observe::LogSink>> shared_sink(const observe::LogSettings& settings) {
    std::error_code failed;
    const std::string key =
        settings.file.empty() ? "" : std::filesystem::weakly_canonical(settings.file, failed).string();
    Sinks& all = *sinks();
    const std::lock_guard lock(all.mutex);
    auto& known = all.by_file[key];
    if (auto sink = known.lock()) return sink;
    auto opened = observe::LogSink::open(settings, process_clock());
    if (opened) known = *opened;
    return opened;
}

void forget_sinks() { sinks() = new Sinks; }

}  // namespace mythos::bindings
