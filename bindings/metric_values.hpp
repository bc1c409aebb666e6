// Metrics between C++ and Python. With the GIL held.
#pragma once

#include <prometheus/metric_family.h>
#include <pybind11/pybind11.h>

#include <vector>

#include "monitor/exposition.hpp"

namespace mythos::bindings {

// (series, values): texts such as `mythos_channels`, and as many doubles in bytes, as numpy.frombuffer reads them.
pybind11::tuple sample_values(const monitor::Samples& samples);

// Of a list of (name, help, type, series). `type`: counter, gauge or histogram; `series`: a list of (labels, value), a
// histogram's value being ([(upper bound, cumulative count), …], sum), the last bound infinite. Raises ValueError for
// another type.
std::vector<prometheus::MetricFamily> families_of(const pybind11::list& given);

}  // namespace mythos::bindings
