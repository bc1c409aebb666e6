// Python's log lines on their way into a sink of the core, in the core's own form.
//
// Thread-safety: any thread, with the GIL held; it is let go while a line is handed over and while close() waits for
// the lines to be written. After close() lines are dropped.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string_view>

#include "observe/log_sink.hpp"

namespace mythos::bindings {

namespace py = pybind11;

class PythonLog {
public:
    // `options` by full name; those of `log.` count. CoreError: `bad_config`, `log_file`.
    explicit PythonLog(const py::dict& options);

    // `level` 0 to 4, debug to critical; `epoch_s` when it happened. Values of `fields`: bool, int, float, str, and
    // bytes for what is JSON already; its keys are ASCII without quotes. TypeError for anything else.
    // `fields`, a dict, is not owned here: a thread that the interpreter's end unwinds must own no Python object.
    void write(int level, double epoch_s, std::string_view logger, std::string_view event, py::handle fields);

    void reopen();
    // As observe::LogStatistics.
    py::dict statistics() const;
    void close();
    // For the child of a fork.
    void abandon();

private:
    explicit PythonLog(const observe::LogSettings& settings);

    const observe::LogFormat format_;
    std::shared_ptr<observe::LogSink> sink_;  // guarded by the GIL
};

}  // namespace mythos::bindings
