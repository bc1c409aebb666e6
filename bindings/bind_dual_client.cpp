#include "bindings/register.hpp"

namespace mythos::bindings {

void bind_dual_client(pybind11::module_&) {}

}  // namespace mythos::bindings
