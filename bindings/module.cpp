#include "bindings/register.hpp"

PYBIND11_MODULE(_core, module) {
    module.doc() = "The compiled core of Mythos. Import from `mythos` instead: names in here may change.";
    module.attr("__version__") = MYTHOS_VERSION;
    mythos::bindings::bind_command(module);
    mythos::bindings::bind_core_error(module);
    mythos::bindings::bind_dual_client(module);
    mythos::bindings::bind_log(module);
    mythos::bindings::bind_options(module);
    mythos::bindings::bind_server(module);
    mythos::bindings::bind_sse_decoder(module);
    mythos::bindings::bind_stats(module);
    mythos::bindings::bind_store(module);
}
