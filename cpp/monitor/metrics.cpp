#include "monitor/metrics.hpp"

#include <array>
#include <utility>

#include "hub/application.hpp"
#include "monitor/exposition.hpp"
#include "transport/accept.hpp"

namespace mythos::monitor {

using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 30> kCounterHelp{{
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
    {"mythos_reconnects_total", "Connections that came with a cursor: their client had been there before."},
    {"mythos_promotions_total", "Standby wires that became active."},
    {"mythos_operation_faults_total", "Operations that ended by an exception: faults of the server."},
    {"mythos_slow_consumer_disconnects_total", "Connections closed because their cursor left the retention."},
    {"mythos_sent_bytes_total", "Bytes of streams that sockets took, without HTTP heads and answers."},
    {"mythos_received_bytes_total", "Bytes from clients on streams."},
    {"mythos_messages_published_total", "Messages that were appended to the journal."},
    {"mythos_messages_dropped_total", "Messages that had no effect, by why."},
    {"mythos_gaps_total", "Gaps that were told to a stream, by why."},
    {"mythos_unsent_accounts_total", "Clients whose session ended with entries unsent that they were owed."},
    {"mythos_event_faults_total", "Events whose handling ended by an exception: faults of the server."},
    {"mythos_health_check_failures_total", "Health checks that threw, ran out of time or answered nonsense."},
    {"mythos_certificate_failures_total",
     "Times that a file of monitor.certificates began to be unreadable, or to be so otherwise than before."},
    {"mythos_log_drop_reports_total", "Seconds in which lines of the log were lost."},
    {"mythos_reload_failures_total", "Reloads that changed nothing because of a fault in what they read."},
    {"mythos_store_failures_total", "Times that the database began to fail, or to fail otherwise than before."},
    {"mythos_store_drop_reports_total", "Seconds in which openings or closings were dropped."},
    {"mythos_monitoring_listeners_dropped_total", "Readers of the monitoring stream that did not keep up."},
    {"mythos_accept_pauses_total", "Times that accepting rested, out of descriptors or memory."},
}};

void add_counters(Families& all, const hub::Node& node) {
    for (std::size_t i = 0; i < stats::kCounters; ++i) {
        const auto counter = static_cast<stats::Counter>(i);
        const SeriesName name = series_name(stats::name_of(counter));
        auto& family = family_of(all, name.family, help_of_counter(name.family), MetricType::Counter);
        add_series(family, name.labels).counter.value = static_cast<double>(node.count(counter));
    }
}

// What loops and requests are told by is told by each of them.
bool is_told_apart(stats::Latency latency) {
    return latency == stats::Latency::loop_lag || latency == stats::Latency::request;
}

void add_errors(Families& all, const hub::Node& node) {
    auto& family =
        family_of(all, "mythos_errors_total",
                  "Errors, as docs/reference/errors.md classes them, and the application's own.", MetricType::Counter);
    const auto counts = node.count_errors();
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const auto type = stats::kErrorTypes[i / stats::kSeverities.size()];
        const auto severity = stats::kSeverities[i % stats::kSeverities.size()];
        add_series(family, {{"type", type}, {"severity", severity}}).counter.value = static_cast<double>(counts[i]);
    }
}

void add_latencies(Families& all, const hub::Node& node) {
    for (std::size_t i = 0; i < stats::kLatencies; ++i) {
        const auto latency = static_cast<stats::Latency>(i);
        if (is_told_apart(latency)) continue;
        const SeriesName name = series_name(stats::name_of(latency));
        auto& family = family_of(all, name.family, stats::help_of(latency), MetricType::Histogram);
        const auto shards = node.shards(latency);
        std::vector<std::uint64_t> counts(shards.front()->edges().size() + 1);
        std::uint64_t sum = 0;
        for (const auto& shard : shards) {
            for (std::size_t edge = 0; edge < counts.size(); ++edge) counts[edge] += shard->edge_count(edge);
            sum += shard->sum();
        }
        add_series(family, name.labels).histogram =
            histogram_of(shards.front()->edges(), counts, sum, stats::units_a_second(latency));
    }
}

// Who could not say who it is, or was not let be who it said: of streams and requests, which are counted apart as well.
void add_auth_failures(Families& all, const hub::Node& node) {
    using stats::Counter;
    auto& family =
        family_of(all, "mythos_auth_failures_total",
                  "Streams and requests that were refused because of who asked, by why.", MetricType::Counter);
    const auto add = [&](std::string_view reason, std::uint64_t count) {
        add_series(family, {{"reason", reason}}).counter.value = static_cast<double>(count);
    };
    add("unauthorised", node.count(Counter::rejected_unauthorised) + node.count(Counter::http_unauthorised));
    add("foreign_session", node.count(Counter::rejected_foreign_session));
}

void add_process(Families& all, const Statistics& statistics) {
    const Statistics::SystemSample system = statistics.system();
    const ProcessUsage& usage = system.process;
    if (usage.cpu_seconds)
        add_counter(all, "process_cpu_seconds_total", "CPU time of the process, user and system.", *usage.cpu_seconds);
    add_gauge(all, "process_resident_memory_bytes", "Resident memory of the process.", usage.resident_bytes);
    add_gauge(all, "mythos_memory_usage_bytes", "Resident memory of the process.", usage.resident_bytes);
    if (const auto& memory = system.memory)
        add_gauge(all, "mythos_memory_usage_percent",
                  "Memory in use, in a hundred parts of what may be: the control group's of its limit, or without one "
                  "the process's of the machine's.",
                  memory->percent());
    add_gauge(all, "mythos_cpu_usage_percent",
              "What the process took of one processor's time in the last seconds, in per cent.",
              statistics.cpu_percent());
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
    add_errors(all, node_);
    add_latencies(all, node_);
    add_auth_failures(all, node_);
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
    add_series(build, {{"version", MYTHOS_VERSION}}).gauge.value = 1;
    connections_.add_to(all);
    for (const auto& source : more_) source(all);
    add_process(all, statistics_);
    return all;
}

void add_metrics_view(Answers& answers, const Metrics& metrics) {
    answers.add(transport::Route::metrics, [&metrics](const MonitorRequest& request) -> MonitorAnswer {
        const TextFormat format = negotiate_format(request.accept);
        transport::HttpResponse response;
        response.content_type = content_type(format);
        response.body = write_metrics(format, metrics.Collect());
        response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
        if (transport::accepts_gzip(request.accept_encoding)) {
            response.body = gzip(response.body);
            response.headers.emplace_back("Content-Encoding", "gzip");
        }
        return response;
    });
}

}  // namespace mythos::monitor
