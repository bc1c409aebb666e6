// How metrics are written for whoever asks: Prometheus's text format 0.0.4 or OpenMetrics 1.0.0, plain or gzip, as the
// request's Accept and Accept-Encoding prefer (RFC 9110 12.5).
//
// Sources: Prometheus, "Exposition formats"; the OpenMetrics specification 1.0.0. Pure functions; any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mythos::monitor {

enum class TextFormat : std::uint8_t { prometheus, open_metrics };

// Of the two the one that `accept` weighs more; Prometheus's own where it prefers none.
TextFormat negotiate_format(std::string_view accept);

// The Content-Type of a format, version included: Prometheus 3 refuses an answer without.
std::string_view content_type(TextFormat format);

// Every sample of the families: its series as OpenMetrics writes it, such as `mythos_channels` or
// `mythos_messages_sent_total{type="sse",status="success"}`, and its value.
struct Samples {
    std::vector<std::string> series;
    std::vector<double> values;
};
Samples samples_of(const std::vector<prometheus::MetricFamily>& families);

std::string write_metrics(TextFormat format, const std::vector<prometheus::MetricFamily>& families);

// The bytes as one gzip member (RFC 1952).
std::string gzip(std::string_view bytes);

}  // namespace mythos::monitor
