#include "monitor/metrics.hpp"

#include <array>
#include <limits>
#include <utility>

#include "hub/application.hpp"
#include "monitor/exposition.hpp"
#include "monitor/process_usage.hpp"

namespace mythos::monitor {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kCounterHelp{{
    {"mythos_log_samples_left_out_total", "Deliveries that were chosen to be logged, beyond what is logged a second."},
    {"mythos_connections_opened_total", "Connections that were let in."},
    {"mythos_connections_closed_total", "Connections that ended, by why."},
    {"mythos_connections_rejected_total", "Connections that were refused, by why."},
    {"mythos_connection_failures_total",
     "Attempts to open a stream that failed, by why: those refused, and peers that hung up before they were let in."},
    {"mythos_http_errors_total", "HTTP requests other than for a stream that were answered with an error, by why."},
    {"mythos_messages_received_total", "Messages from clients: on WebSockets, and commands by POST."},
    {"mythos_command_errors_total", "Commands that were refused or failed, by error code."},
    {"mythos_messages_sent_total",
     "Writes of entries to sockets, failed where the wire went within one; to both wires of a client is two writes."},
    {"mythos_deliveries_total", "Entries owed to clients, each once, by what became of them."},
    {"mythos_replayed_messages_total", "Entries that came before the connection they were owed to."},
    {"mythos_reconnects_total", "Connections of a session that had been without any."},
    {"mythos_promotions_total", "Standby wires that became active."},
    {"mythos_operation_faults_total", "Operations that ended by an exception: faults of the server."},
    {"mythos_slow_consumer_disconnects_total", "Connections closed because their cursor left the retention."},
    {"mythos_sent_bytes_total", "Bytes of streams that sockets took, without HTTP heads and answers."},
    {"mythos_received_bytes_total", "Bytes from clients on streams."},
    {"mythos_messages_published_total", "Messages that were appended to the journal."},
    {"mythos_messages_dropped_total", "Messages that had no effect, by why."},
    {"mythos_gaps_total", "Gaps that were told to a stream, by why."},
    {"mythos_accept_pauses_total", "Times that accepting rested, out of descriptors or memory."},
}};

// Appends a family, unless the last one is it already: the tables keep a family's series together.
MetricFamily& family_of(std::vector<MetricFamily>& all, std::string_view name, std::string_view help, MetricType type) {
    if (all.empty() || all.back().name != name) all.push_back({std::string(name), std::string(help), type, {}});
    return all.back();
}

ClientMetric& add_series(MetricFamily& family, const SeriesName& name) {
    ClientMetric& metric = family.metric.emplace_back();
    for (const auto& [label, value] : name.labels) metric.label.push_back({std::string(label), std::string(value)});
    return metric;
}

void add_counters(std::vector<MetricFamily>& all, const hub::Node& node) {
    for (std::size_t i = 0; i < stats::kCounters; ++i) {
        const auto counter = static_cast<stats::Counter>(i);
        const SeriesName name = series_name(stats::name_of(counter));
        auto& family = family_of(all, name.family, help_of_counter(name.family), MetricType::Counter);
        add_series(family, name).counter.value = static_cast<double>(node.count(counter));
    }
}

ClientMetric::Histogram histogram_of(const std::vector<std::shared_ptr<stats::HistogramShard>>& shards) {
    ClientMetric::Histogram told;
    const auto upper = shards.front()->edges().upper();
    std::uint64_t sum = 0;
    // The count is that of the buckets, so that both agree also where a record comes in between.
    for (std::size_t edge = 0; edge <= upper.size(); ++edge) {
        for (const auto& shard : shards) told.sample_count += shard->edge_count(edge);
        const double bound =
            edge < upper.size() ? static_cast<double>(upper[edge]) / 1e9 : std::numeric_limits<double>::infinity();
        told.bucket.push_back({told.sample_count, bound});
    }
    for (const auto& shard : shards) sum += shard->sum();
    told.sample_sum = static_cast<double>(sum) / 1e9;
    return told;
}

void add_latencies(std::vector<MetricFamily>& all, const hub::Node& node) {
    for (std::size_t i = 0; i < stats::kLatencies; ++i) {
        const auto latency = static_cast<stats::Latency>(i);
        const SeriesName name = series_name(stats::name_of(latency));
        auto& family = family_of(all, name.family, stats::help_of(latency), MetricType::Histogram);
        add_series(family, name).histogram = histogram_of(node.shards(latency));
    }
}

void add_gauge(std::vector<MetricFamily>& all, std::string_view name, std::string_view help, double value) {
    add_series(family_of(all, name, help, MetricType::Gauge), {}).gauge.value = value;
}

// For the contract's names that end like a counter's and are none.
void add_untyped(std::vector<MetricFamily>& all, std::string_view name, std::string_view help, double value) {
    add_series(family_of(all, name, help, MetricType::Untyped), {}).untyped.value = value;
}

template <class T>
void add_gauge(std::vector<MetricFamily>& all, std::string_view name, std::string_view help,
               const std::optional<T>& value) {
    if (value) add_gauge(all, name, help, static_cast<double>(*value));
}

void add_process(std::vector<MetricFamily>& all) {
    const ProcessUsage usage = process_usage();
    if (usage.cpu_seconds)
        add_series(family_of(all, "process_cpu_seconds_total", "CPU time of the process, user and system.",
                             MetricType::Counter),
                   {})
            .counter.value = *usage.cpu_seconds;
    add_gauge(all, "process_resident_memory_bytes", "Resident memory of the process.", usage.resident_bytes);
    add_gauge(all, "mythos_memory_usage_bytes", "Resident memory of the process.", usage.resident_bytes);
    add_gauge(all, "process_open_fds", "Open file descriptors.", usage.open_descriptors);
    add_gauge(all, "process_max_fds", "How many file descriptors may be open.", usage.descriptors_max);
    add_gauge(all, "process_start_time_seconds", "When the process began, in seconds since 1970.",
              usage.start_epoch_seconds);
}

}  // namespace

SeriesName series_name(std::string_view name) {
    const std::size_t brace = name.find('{');
    SeriesName taken{name.substr(0, brace), {}};
    if (brace == std::string_view::npos) return taken;
    std::string_view rest = name.substr(brace + 1);  // label="value",label="value"}
    while (rest.size() > 1) {
        const std::size_t equals = rest.find("=\""), end = rest.find('"', equals + 2);
        taken.labels.emplace_back(rest.substr(0, equals), rest.substr(equals + 2, end - equals - 2));
        rest.remove_prefix(end + 2);
    }
    return taken;
}

std::string_view help_of_counter(std::string_view family) {
    for (const auto& [name, help] : kCounterHelp)
        if (name == family) return help;
    return {};
}

std::vector<MetricFamily> Metrics::Collect() const {
    std::vector<MetricFamily> all;
    add_counters(all, node_);
    add_latencies(all, node_);
    const hub::Application application(node_);
    const auto connections = static_cast<double>(application.connections());
    add_gauge(all, "mythos_active_connections", "Connections that are open, of either wire.", connections);
    add_untyped(all, "mythos_connections_total", "Connections that are open now; a gauge.", connections);
    add_untyped(all, "mythos_sessions_total", "Sessions that live now, connected or within their grace; a gauge.",
                static_cast<double>(application.sessions()));
    add_gauge(all, "mythos_message_delivery_success_rate",
              "Of the deliveries decided in the last 5 minutes, how many in a hundred were written to a socket.",
              statistics_.delivery_success_percent(stats::Window::five_minutes));
    auto& build = family_of(all, "mythos_build_info", "1, with the server's version.", MetricType::Gauge);
    add_series(build, {{}, {{"version", MYTHOS_VERSION}}}).gauge.value = 1;
    for (const auto& source : more_) source(all);
    add_process(all);
    return all;
}

void add_metrics_view(Answers& answers, const Metrics& metrics) {
    answers.add(transport::Route::metrics, [&metrics](const MonitorRequest& request) -> MonitorAnswer {
        const TextFormat format = negotiate_format(request.accept);
        transport::HttpResponse response;
        response.content_type = content_type(format);
        response.body = write_metrics(format, metrics.Collect());
        response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
        if (accepts_gzip(request.accept_encoding)) {
            response.body = gzip(response.body);
            response.headers.emplace_back("Content-Encoding", "gzip");
        }
        return response;
    });
}

}  // namespace mythos::monitor
