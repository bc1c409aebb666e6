// Histograms and windows of time for Python: what the server's own statistics are made of (cpp/stats).
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "base/manual_clock.hpp"
#include "bindings/register.hpp"
#include "stats/histogram_windows.hpp"
#include "stats/level_windows.hpp"

namespace mythos::bindings {
namespace {

namespace py = pybind11;
using namespace stats;

Window window_of(std::string_view name) {
    if (const auto window = window_named(name)) return *window;
    throw py::value_error("no such window: " + std::string(name) + "; there are 1m, 5m, 1h and 24h");
}

const std::array<std::uint64_t, kBuckets + 1>& bucket_edges() {
    static const auto edges = [] {
        std::array<std::uint64_t, kBuckets + 1> all{};
        for (std::size_t bucket = 0; bucket <= kBuckets; ++bucket) all[bucket] = lowest_of(bucket);
        return all;
    }();
    return edges;
}

// What the statistics would make something else of is refused here.
std::int64_t not_negative(std::int64_t value) {
    if (value < 0) throw py::value_error("a value is not negative: " + std::to_string(value));
    return value;
}

double percent_of(double percent) {
    if (percent >= 0 && percent <= 100) return percent;
    throw py::value_error("a percentile is of 0 to 100 per cent, not " + std::to_string(percent));
}

double level_of(double level) {
    if (std::isfinite(level)) return level;
    throw py::value_error("a level is a finite number, not " + std::to_string(level));
}

// Nothing is recorded where one of them is no value.
void record_all(HistogramShard& histogram, const py::buffer& values) {
    const py::buffer_info info = values.request();
    if (info.ndim != 1 ||
        !(info.item_type_is_equivalent_to<std::int64_t>() || info.item_type_is_equivalent_to<std::uint64_t>()))
        throw py::value_error("values must be a one-dimensional array of 64-bit whole numbers");
    const bool has_sign = info.item_type_is_equivalent_to<std::int64_t>();
    const auto each = [&]<class Number>(auto&& take, Number) {
        const auto* at = static_cast<const char*>(info.ptr);
        for (py::ssize_t i = 0; i < info.shape[0]; ++i, at += info.strides[0])
            take(*reinterpret_cast<const Number*>(at));
    };
    const auto record = [&](auto value) { histogram.record(static_cast<std::uint64_t>(value)); };
    if (!has_sign) return each(record, std::uint64_t{});
    each(not_negative, std::int64_t{});
    each(record, std::int64_t{});
}

// As Prometheus has it: each edge with how many values are not above it.
py::list edge_counts(const HistogramShard& histogram) {
    py::list all;
    std::uint64_t passed = 0;
    for (std::size_t edge = 0; edge < histogram.edges().size(); ++edge) {
        passed += histogram.edge_count(edge);
        all.append(py::make_tuple(histogram.edges().upper()[edge], passed));
    }
    return all;
}

py::dict summary(const Distribution& distribution) {
    const auto s = distribution.summary();
    py::dict all;
    all["count"] = s.count;
    all["overflow"] = s.overflow;
    for (const auto& [name, value] : {std::pair{"seconds", s.seconds},
                                      {"rate", s.rate},
                                      {"mean", s.mean},
                                      {"p50", s.p50},
                                      {"p90", s.p90},
                                      {"p95", s.p95},
                                      {"p99", s.p99},
                                      {"p99.9", s.p99_9},
                                      {"max", s.max}})
        all[name] = value;
    return all;
}

Distribution merge(const py::args& distributions) {
    Distribution all;
    for (const auto& one : distributions) {
        if (!py::isinstance<Distribution>(one))
            throw py::type_error("merge takes distributions, each as an argument, not " +
                                 std::string(py::str(py::type::of(one).attr("__name__"))));
        all.merge(one.cast<const Distribution&>());
    }
    return all;
}

void bind_clock(py::module_& module) {
    py::class_<ManualClock>(module, "ManualClock",
                            "A clock that stands still until it is moved. Any thread may read it.")
        .def(py::init<>())
        .def_property_readonly("now_ns", [](const ManualClock& clock) { return clock.mono().ns; })
        .def(
            "advance",
            [](ManualClock& clock, double seconds) {
                if (!(seconds >= 0 && seconds < 1e9)) throw py::value_error("a clock goes forward, at most 10^9 s");
                clock.advance(Duration{static_cast<std::int64_t>(seconds * 1e9)});
            },
            py::arg("seconds"));
}

void bind_histogram(py::module_& module) {
    py::class_<HistogramShard, std::shared_ptr<HistogramShard>>(
        module, "Histogram",
        "Counts whole numbers (durations: nanoseconds) in log-linear buckets. It only grows; a HistogramWindows tells\n"
        "what came when. Any thread may record.")
        .def(py::init<>())
        .def(
            "record",
            [](HistogramShard& histogram, std::int64_t value, std::uint64_t weight) {
                histogram.record(static_cast<std::uint64_t>(not_negative(value)), weight);
            },
            py::arg("value"), py::arg("weight") = 1, "`weight` values of this size. ValueError for a negative one.")
        .def("record_all", record_all, py::arg("values"),
             "Each number of a one-dimensional array of 64-bit whole numbers, which is not copied. ValueError for\n"
             "another array, and for one with a negative number, of which nothing is recorded then.")
        .def("edge_counts", edge_counts,
             "(edge, how many values are not above it), exactly, for the edges that Prometheus is told.")
        .def(
            "snapshot",
            [](std::shared_ptr<HistogramShard> histogram) { return lifetime(std::array{std::move(histogram)}); },
            "All that was ever recorded, copied. The maximum is as exact as a percentile.");
}

void bind_distribution(py::module_& module) {
    py::class_<Distribution>(
        module, "Distribution", py::buffer_protocol(),
        "A snapshot, which never changes. As an array (`numpy.asarray(distribution)`, not copied) it is the counts of\n"
        "the buckets between BUCKET_EDGES, without `overflow`.")
        .def_buffer([](Distribution& distribution) {
            const auto counts = distribution.counts();
            return py::buffer_info(counts.data(), static_cast<py::ssize_t>(counts.size()), true);
        })
        .def_property_readonly("counts", [](const py::object& self) { return py::memoryview(self); })
        .def_property_readonly("count", &Distribution::count)
        .def_property_readonly("overflow", &Distribution::overflow, "How many were beyond VALUE_MAX.")
        .def_property_readonly("sum", &Distribution::sum)
        .def_property_readonly("max", &Distribution::max)
        .def_property_readonly("mean", &Distribution::mean)
        .def_property_readonly("seconds", &Distribution::seconds, "The time that is covered; 0 where it is not known.")
        .def_property_readonly("rate", &Distribution::rate, "Values a second over `seconds`.")
        .def(
            "percentile", [](const Distribution& d, double percent) { return d.percentile(percent_of(percent)); },
            py::arg("percent"),
            "The value of the nearest rank, off by at most ERROR_BOUND; 0 where nothing was recorded. ValueError for\n"
            "what is not from 0 to 100.")
        .def("summary", summary, "count, overflow, seconds, rate, mean, p50, p90, p95, p99, p99.9 and max.");
    module.def(
        "merge", merge,
        "One distribution of several threads' or nodes' over the same window: counts and rates add. TypeError for\n"
        "what is none.");
}

void bind_windows(py::module_& module) {
    py::class_<HistogramWindows>(
        module, "HistogramWindows",
        "What histograms count, for the windows 1m, 5m, 1h and 24h. Each histogram may be in one of these only.")
        .def(py::init([](std::vector<std::shared_ptr<HistogramShard>> histograms, std::int64_t now_ns) {
                 return HistogramWindows(MonoTime{now_ns}, std::move(histograms));
             }),
             py::arg("histograms"), py::arg("now_ns"))
        .def(
            "tick", [](HistogramWindows& w, std::int64_t now_ns) { w.tick(MonoTime{now_ns}); }, py::arg("now_ns"),
            "Takes what was recorded since the last tick; about once a second.")
        .def(
            "read", [](const HistogramWindows& w, std::string_view window) { return w.read(window_of(window)); },
            py::arg("window") = "5m", "As of the last tick.")
        .def_property_readonly("memory_bytes", &HistogramWindows::memory_bytes);

    py::class_<CountWindows>(module, "CountWindows", "Counts that only grow, for the windows 1m, 5m, 1h and 24h.")
        .def(py::init([](const std::vector<std::uint64_t>& totals, std::int64_t now_ns) {
                 return CountWindows(MonoTime{now_ns}, totals);
             }),
             py::arg("totals"), py::arg("now_ns"))
        .def(
            "tick",
            [](CountWindows& w, std::int64_t now_ns, const std::vector<std::uint64_t>& totals) {
                if (totals.size() != w.seen().size()) throw py::value_error("as many totals as at the beginning");
                w.tick(MonoTime{now_ns}, totals);
            },
            py::arg("now_ns"), py::arg("totals"))
        .def(
            "counts",
            [](const CountWindows& w, std::string_view window) {
                const auto counts = w.counts(window_of(window));
                return std::vector<std::uint64_t>(counts.begin(), counts.end());
            },
            py::arg("window") = "5m", "As of the last tick, in the order of the totals.")
        .def(
            "seconds", [](const CountWindows& w, std::string_view window) { return w.seconds(window_of(window)); },
            py::arg("window") = "5m");

    py::class_<LevelWindows>(module, "LevelWindows",
                             "A level that holds until it is set anew, for the windows 1m, 5m, 1h and 24h.")
        .def(
            py::init([](double level, std::int64_t now_ns) { return LevelWindows(MonoTime{now_ns}, level_of(level)); }),
            py::arg("level"), py::arg("now_ns"))
        .def(
            "set", [](LevelWindows& w, std::int64_t now_ns, double level) { w.set(MonoTime{now_ns}, level_of(level)); },
            py::arg("now_ns"), py::arg("level"))
        .def(
            "tick", [](LevelWindows& w, std::int64_t now_ns) { w.tick(MonoTime{now_ns}); }, py::arg("now_ns"))
        .def(
            "read",
            [](const LevelWindows& w, std::string_view window) {
                const auto reading = w.read(window_of(window));
                py::dict all;
                all["mean"] = reading.mean;
                all["lowest"] = reading.lowest;
                all["highest"] = reading.highest;
                all["seconds"] = reading.seconds;
                return all;
            },
            py::arg("window") = "5m", "mean (weighted by time), lowest, highest, seconds, as of the last tick.");
}

}  // namespace

void bind_stats(py::module_& module) {
    module.attr("ERROR_BOUND") = kErrorBound;
    module.attr("VALUE_MAX") = kValueMax;
    const auto& edges = bucket_edges();
    module.attr("BUCKET_EDGES") = py::memoryview::from_buffer(edges.data(), {edges.size()}, {sizeof(std::uint64_t)});
    bind_clock(module);
    bind_histogram(module);
    bind_distribution(module);
    bind_windows(module);
}

}  // namespace mythos::bindings
