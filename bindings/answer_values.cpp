#include "bindings/answer_values.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "bindings/command_object.hpp"
#include "protocol/json_text.hpp"

namespace mythos::bindings {

namespace py = pybind11;

namespace {

// Whether clients can read a reply with this data, which is JSON: its nesting counts from two levels down.
bool is_readable(std::string_view data) {
    const auto brackets = std::ranges::count(data, '{') + std::ranges::count(data, '[');
    return brackets + 2 <= kJsonDepthMax || protocol::is_valid_json("[[" + std::string(data) + "]]");
}

// The bytes of an answer's data; TypeError where it is anything else.
std::string_view bytes_of(PyObject* data) {
    char* begin = nullptr;
    Py_ssize_t size = 0;
    if (PyBytes_AsStringAndSize(data, &begin, &size) != 0) throw py::error_already_set();
    return {begin, static_cast<std::size_t>(size)};
}

}  // namespace

hub::HandlerAnswer answer_of(PyObject* given, std::size_t bytes_max, const std::shared_ptr<std::string>& texts) {
    using Kind = hub::HandlerAnswer::Kind;
    const Py_ssize_t parts = PyTuple_Check(given) ? PyTuple_GET_SIZE(given) : 0;
    if (parts != 2 && parts != 4)
        throw py::type_error("an answer is (command, data) or (command, code, message, retryable)");
    const auto part = [&](Py_ssize_t i) { return py::handle(PyTuple_GET_ITEM(given, i)); };
    hub::HandlerAnswer out;
    out.ticket = call_of(part(0)).ticket;
    if (parts == 4) {
        out.kind = part(3).cast<bool>() ? Kind::refused : Kind::failed;
        out.error = {part(1).cast<std::string>(), part(2).cast<std::string>()};
        return out;
    }
    const std::string_view data = bytes_of(part(1).ptr());
    if (data.size() <= bytes_max && is_readable(data)) {
        out.data = hub::AnswerText(texts, texts->size(), data.size());
        texts->append(data);
    } else {
        out.kind = Kind::failed;
        out.error = {"handler_failed", "the application's reply is too long or nested too deep"};
    }
    return out;
}

}  // namespace mythos::bindings
