// PyArg_Parse wants it for sizes.
#define PY_SSIZE_T_CLEAN
#include "bindings/command_object.hpp"

#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "bindings/register.hpp"

namespace mythos::bindings {
namespace {

namespace py = pybind11;
using hub::HandlerCall;
using hub::SharedCall;

struct CommandObject {
    PyObject_HEAD SharedCall call;
    PyObject* data;  // what the text was read as; null: it was not asked for yet
};

PyTypeObject* command_type = nullptr;
PyObject* loads = nullptr;       // orjson's
PyObject* loads_long = nullptr;  // json's: orjson makes floats of integers beyond 64 bits

CommandObject& of(PyObject* self) { return *reinterpret_cast<CommandObject*>(self); }

// Whether an integer may be beyond 64 bits; also where the digits are a text's.
bool has_long_number(std::string_view json) {
    constexpr std::size_t kDigits = 19;
    for (std::size_t at = kDigits - 1; at < json.size(); at += kDigits) {
        if (json[at] < '0' || json[at] > '9') continue;
        std::size_t first = at, last = at;
        while (first > 0 && json[first - 1] >= '0' && json[first - 1] <= '9') --first;
        while (last + 1 < json.size() && json[last + 1] >= '0' && json[last + 1] <= '9') ++last;
        if (last - first + 1 >= kDigits) return true;
    }
    return false;
}

PyObject* text_object(std::string_view text) {
    return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
}

template <std::string HandlerCall::*Member>
PyObject* get_text(PyObject* self, void*) {
    return text_object((*of(self).call).*Member);
}

PyObject* get_data(PyObject* self, void*) {
    CommandObject& command = of(self);
    if (command.data == nullptr) {
        const std::string_view text = command.call->data;
        PyObject* bytes = PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
        if (bytes == nullptr) return nullptr;
        command.data = PyObject_CallOneArg(has_long_number(text) ? loads_long : loads, bytes);
        Py_DECREF(bytes);
    }
    Py_XINCREF(command.data);
    return command.data;
}

PyObject* make(SharedCall call) {
    PyObject* self = command_type->tp_alloc(command_type, 0);
    if (self == nullptr) return nullptr;
    new (&of(self).call) SharedCall(std::move(call));
    of(self).data = nullptr;
    return self;
}

PyObject* make_new(PyTypeObject*, PyObject* arguments, PyObject* named) {
    static const char* const kNames[] = {"id",         "type",      "text",     "player_id",
                                         "session_id", "client_id", "trace_id", nullptr};
    const char* texts[7] = {};
    Py_ssize_t sizes[7] = {};
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "s#s#s#s#s#s#|s#:Command", const_cast<char**>(kNames), &texts[0],
                                     &sizes[0], &texts[1], &sizes[1], &texts[2], &sizes[2], &texts[3], &sizes[3],
                                     &texts[4], &sizes[4], &texts[5], &sizes[5], &texts[6], &sizes[6]))
        return nullptr;
    const auto text = [&](int i) { return std::string(texts[i], static_cast<std::size_t>(sizes[i])); };
    HandlerCall call{.command_id = text(0), .type = text(1), .data = text(2)};
    call.player_id = text(3);
    call.session_id = text(4);
    call.client_id = text(5);
    if (texts[6] != nullptr) call.trace_id = text(6);
    return make(std::make_shared<const HandlerCall>(std::move(call)));
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(of(self).data);
    return 0;
}

int clear(PyObject* self) {
    Py_CLEAR(of(self).data);
    return 0;
}

void destroy(PyObject* self) {
    PyTypeObject* type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    of(self).call.~SharedCall();
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* represent(PyObject* self) {
    const HandlerCall& call = *of(self).call;
    const auto text = [](std::string_view value) { return py::reinterpret_steal<py::object>(text_object(value)); };
    const py::object type = text(call.type), player = text(call.player_id), id = text(call.command_id);
    return PyUnicode_FromFormat("Command(%R, player_id=%R, id=%R)", type.ptr(), player.ptr(), id.ptr());
}

PyGetSetDef properties[] = {
    {"id", get_text<&HandlerCall::command_id>, nullptr,
     "The client's own name for it, empty for one that wants no reply.", nullptr},
    {"type", get_text<&HandlerCall::type>, nullptr, nullptr, nullptr},
    {"player_id", get_text<&HandlerCall::player_id>, nullptr, nullptr, nullptr},
    {"session_id", get_text<&HandlerCall::session_id>, nullptr, nullptr, nullptr},
    {"client_id", get_text<&HandlerCall::client_id>, nullptr, "Empty for a command that was posted without one.",
     nullptr},
    {"trace_id", get_text<&HandlerCall::trace_id>, nullptr,
     "Of the `traceparent` of the request that brought it, or that opened its connection; empty where there was none.",
     nullptr},
    {"data", get_data, nullptr, "What the client sent as `data`: a dict, mostly; `{}` where it sent none.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("One command of a client. `data` is read from its JSON when it is first asked for.")},
    {Py_tp_new, reinterpret_cast<void*>(make_new)},
    {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_repr, reinterpret_cast<void*>(represent)},
    {Py_tp_getset, properties},
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "mythos._core.Command",
    .basicsize = sizeof(CommandObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

}  // namespace

py::object command_object(SharedCall call) {
    PyObject* made = make(std::move(call));
    if (made == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
}

const HandlerCall& call_of(py::handle command) {
    if (Py_TYPE(command.ptr()) != command_type) throw py::type_error("a Command is wanted");
    return *of(command.ptr()).call;
}

void bind_command(py::module_& module) {
    PyObject* type = PyType_FromModuleAndSpec(module.ptr(), &spec, nullptr);
    if (type == nullptr) throw py::error_already_set();
    command_type = reinterpret_cast<PyTypeObject*>(type);
    loads = py::object(py::module_::import("orjson").attr("loads")).release().ptr();
    loads_long = py::object(py::module_::import("json").attr("loads")).release().ptr();
    module.attr("Command") = py::reinterpret_borrow<py::object>(type);
}

}  // namespace mythos::bindings
