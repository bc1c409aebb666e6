#include "bindings/python_log.hpp"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "bindings/core_error.hpp"
#include "bindings/option_values.hpp"
#include "bindings/shared_sink.hpp"
#include "bindings/unlocked.hpp"

namespace mythos::bindings {

using observe::Field;

namespace {

// Borrows from the dict's own objects; `kept` holds what had to be made.
Field field_of(py::handle key, py::handle value, std::vector<py::object>& kept) {
    const auto name = key.cast<std::string_view>();
    if (py::isinstance<py::bool_>(value)) return {name, value.cast<bool>()};
    if (py::isinstance<py::str>(value)) return {name, value.cast<std::string_view>()};
    if (py::isinstance<py::float_>(value)) return {name, value.cast<double>()};
    if (py::isinstance<py::bytes>(value)) return {name, observe::Json{value.cast<std::string_view>()}};
    if (!py::isinstance<py::int_>(value)) throw py::type_error("a field is bool, int, float, str, or JSON in bytes");
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
    if (overflow == 0) return {name, static_cast<std::int64_t>(number)};
    kept.push_back(py::str(value));
    return {name, observe::Json{kept.back().cast<std::string_view>()}};
}

WallTime wall_time(double epoch_s) { return {std::llround(epoch_s * 1e6) * 1'000}; }

}  // namespace

PythonLog::PythonLog(const py::dict& options) : PythonLog(embedded_log_settings(checked_config(options))) {}

PythonLog::PythonLog(const observe::LogSettings& settings) : format_(settings.format) {
    Result<std::shared_ptr<observe::LogSink>> opened = [&] {
        const Unlocked released;
        return shared_sink(settings);
    }();
    sink_ = value_or_raise(std::move(opened));
}

void PythonLog::write(int level, double epoch_s, std::string_view logger, std::string_view event, py::handle fields) {
    if (!py::isinstance<py::dict>(fields)) throw py::type_error("the fields are a dict");
    auto sink = sink_;
    if (!sink) return;
    const std::string line = [&] {
        std::vector<py::object> kept;
        std::vector<Field> read;
        for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(fields))
            read.push_back(field_of(key, value, kept));
        return format_line(format_, wall_time(epoch_s), static_cast<observe::Level>(level), logger, event, read);
    }();
    const Unlocked released;
    sink->write(line);
    sink.reset();  // the last user waits for its thread, and must not hold the GIL then
}

void PythonLog::reopen() {
    if (sink_) sink_->reopen();
}

py::dict PythonLog::statistics() const {
    const observe::LogStatistics told = sink_ ? sink_->statistics() : observe::LogStatistics{};
    py::dict out;
    out["dropped_lines"] = told.dropped_lines;
    out["unwritten_stream_bytes"] = told.unwritten_stream_bytes;
    out["unwritten_file_bytes"] = told.unwritten_file_bytes;
    out["rotations"] = told.rotations;
    return out;
}

void PythonLog::close() {
    auto sink = std::move(sink_);
    const Unlocked released;
    sink.reset();
}

void PythonLog::abandon() {
    new std::shared_ptr<observe::LogSink>(std::move(sink_));  // its thread is not here to be joined
    sink_.reset();
}

}  // namespace mythos::bindings
