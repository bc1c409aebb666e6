#include "monitor/exposition.hpp"

#include <prometheus/text_serializer.h>
#include <zlib.h>

#include <charconv>
#include <cmath>
#include <new>

#include "transport/accept.hpp"

namespace mythos::monitor {

using transport::weight_in;

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

// As OpenMetrics wants them: a label's value and a HELP with the same escapes.
void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
        } else {
            if (c == '\\' || c == '"') out += '\\';
            out += c;
        }
    }
}

void append_number(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "NaN";
    } else if (std::isinf(value)) {
        out += value > 0 ? "+Inf" : "-Inf";
    } else {
        char text[32];
        out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
    }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
    out += out.back() == '{' ? "" : ",";
    out.append(name).append("=\"");
    append_escaped(out, value);
    out += '"';
}

// Its name with its labels.
void append_series(std::string& out, std::string_view name, const ClientMetric& metric, const double* upper_bound) {
    out.append(name);
    if (metric.label.empty() && upper_bound == nullptr) return;
    out += '{';
    for (const auto& label : metric.label) append_label(out, label.name, label.value);
    if (upper_bound != nullptr) {
        std::string bound;
        append_number(bound, *upper_bound);
        // A canonical number has a point: 1.0, not 1.
        if (bound.find_first_of(".eIN") == bound.npos) bound += ".0";
        append_label(out, "le", bound);
    }
    out += '}';
}

// visit(name, metric, value, upper bound or null) for each sample of the family.
template <class Visit>
void each_sample(const MetricFamily& family, Visit&& visit) {
    for (const ClientMetric& metric : family.metric) {
        if (family.type == MetricType::Counter) {
            visit(family.name, metric, metric.counter.value, nullptr);
        } else if (family.type == MetricType::Gauge) {
            visit(family.name, metric, metric.gauge.value, nullptr);
        } else if (family.type == MetricType::Histogram) {
            for (const auto& bucket : metric.histogram.bucket)
                visit(family.name + "_bucket", metric, static_cast<double>(bucket.cumulative_count),
                      &bucket.upper_bound);
            visit(family.name + "_count", metric, static_cast<double>(metric.histogram.sample_count), nullptr);
            visit(family.name + "_sum", metric, metric.histogram.sample_sum, nullptr);
        } else {
            visit(family.name, metric, metric.untyped.value, nullptr);
        }
    }
}

// OpenMetrics names a counter's family without the `_total` of its samples.
std::string family_name(const MetricFamily& family) {
    constexpr std::string_view suffix = "_total";
    const bool counts = family.type == MetricType::Counter && family.name.ends_with(suffix);
    return counts ? family.name.substr(0, family.name.size() - suffix.size()) : family.name;
}

std::string_view type_name(MetricType type) {
    switch (type) {
        case MetricType::Counter:
            return "counter";
        case MetricType::Gauge:
            return "gauge";
        case MetricType::Histogram:
            return "histogram";
        default:
            return "unknown";
    }
}

void append_family(std::string& out, const MetricFamily& family) {
    const std::string name = family_name(family);
    out.append("# TYPE ").append(name).append(" ").append(type_name(family.type)).append("\n# HELP ");
    out.append(name).append(" ");
    append_escaped(out, family.help);
    out += '\n';
    each_sample(family, [&out](std::string_view series, const ClientMetric& metric, double value, const double* bound) {
        append_series(out, series, metric, bound);
        out += ' ';
        append_number(out, value);
        out += '\n';
    });
}

}  // namespace

TextFormat negotiate_format(std::string_view accept) {
    const double open = weight_in(accept, {"application/openmetrics-text", "application/*"}).value_or(0);
    const double text = weight_in(accept, {"text/plain", "text/*", "*/*"}).value_or(0);
    return open > text ? TextFormat::open_metrics : TextFormat::prometheus;
}

std::string_view content_type(TextFormat format) {
    return format == TextFormat::open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                              : "text/plain; version=0.0.4; charset=utf-8";
}

Samples samples_of(const std::vector<MetricFamily>& families) {
    Samples samples;
    for (const MetricFamily& family : families)
        each_sample(family, [&](std::string_view name, const ClientMetric& metric, double value, const double* bound) {
            append_series(samples.series.emplace_back(), name, metric, bound);
            samples.values.push_back(value);
        });
    return samples;
}

std::string write_metrics(TextFormat format, const std::vector<MetricFamily>& families) {
    if (format == TextFormat::prometheus) return prometheus::TextSerializer().Serialize(families);
    std::string out;
    for (const MetricFamily& family : families) append_family(out, family);
    return out += "# EOF\n";
}

std::string gzip(std::string_view bytes) {
    constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for a gzip member
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc();
    std::string out(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace mythos::monitor
