// The reading side of Server-Sent Events: bytes in, the events' data out.
#include <pybind11/pybind11.h>

#include <string>
#include <string_view>

#include "bindings/register.hpp"
#include "protocol/sse_decoder.hpp"

namespace mythos::bindings {
namespace {

namespace py = pybind11;
using namespace protocol;

py::list feed(SseDecoder& decoder, const py::bytes& chunk) {
    auto rest = static_cast<std::string_view>(chunk);
    py::list texts;
    while (true) {
        const SseEvent event = decoder.next(rest);
        if (event.kind == SseEventKind::need_more) return texts;
        if (event.kind == SseEventKind::failed) {
            throw py::value_error("an event stream beyond its bounds: " + std::string(event.data));
        }
        texts.append(py::str(event.data.data(), event.data.size()));
    }
}

}  // namespace

void bind_sse_decoder(py::module_& module) {
    py::class_<SseDecoder>(module, "SseDecoder", "One event stream's decoder. One thread at a time.")
        .def(py::init<>())
        .def("feed", feed, py::arg("chunk"),
             "The data of the events that `chunk` ends, in order. Raises ValueError past a bound (nothing more comes "
             "out\n"
             "then), UnicodeDecodeError for what is not UTF-8.")
        .def_property_readonly("last_event_id", &SseDecoder::last_event_id);
}

}  // namespace mythos::bindings
