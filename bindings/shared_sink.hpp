// The log sinks of this process, one for each file and one for no file: servers and Python's own lines that go to the
// same place go through the same queue, and one of them rotates.
//
// A sink lives as long as somebody uses it. Any thread, with or without the GIL.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "observe/log_sink.hpp"
#include "server/config.hpp"

namespace mythos::bindings {

// Where a server within a program logs, and how: standard output is the program's own, so lines go to standard error.
observe::LogSettings embedded_log_settings(const server::Config& config);

// The sink of `settings.file`; whoever comes first decides about everything else. Error `log_file`.
Result<std::shared_ptr<observe::LogSink>> shared_sink(const observe::LogSettings& settings);

// In the child of a fork: the threads are not here, and nobody's sink is used again.
void forget_sinks();

// The system's; lives as long as the process.
const Clock& process_clock();

}  // namespace mythos::bindings
