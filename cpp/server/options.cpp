#include "server/options.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <vector>

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "protocol/utf8.hpp"
#include "server/server.hpp"
#include "store/store_url.hpp"
#include "transport/address.hpp"

namespace mythos::server {
namespace {

bool is_address(std::string_view text) { return transport::parse_host_port(text).has_value(); }

bool is_monitor_address(std::string_view text) {
    return text.empty() || is_address(text) || is_address("127.0.0.1:" + std::string(text));
}

bool is_origin(std::string_view text) {
    if (text == "*") return true;
    const auto scheme = text.find("://");
    if (scheme == text.npos || (text.substr(0, scheme) != "http" && text.substr(0, scheme) != "https")) return false;
    const auto host = text.substr(scheme + 3);
    return !host.empty() && host.find_first_of("/ *?#") == host.npos;
}

bool is_store_url(std::string_view text) { return text == "auto" || store::parse_store_url(text).ok(); }

// Of which a metric's label can be made.
bool is_path(std::string_view text) { return !text.empty() && protocol::is_utf8(text); }

bool is_server_id(std::string_view text) { return text.empty() || is_valid_name(text, kNameBytesMax); }

bool is_label_value(std::string_view text) { return !text.empty() && text.size() <= 128; }

bool is_http_url(std::string_view text) {
    const auto scheme = text.find("://");
    if (scheme == text.npos || (text.substr(0, scheme) != "http" && text.substr(0, scheme) != "https")) return false;
    const auto rest = text.substr(scheme + 3);
    return !rest.empty() && rest.front() != '/' && rest.find_first_of(" \t\r\n") == rest.npos;
}

bool is_url_or_empty(std::string_view text) { return text.empty() || is_http_url(text); }

// What links are made of by adding to its path.
bool is_site_or_empty(std::string_view text) { return is_url_or_empty(text) && text.find_first_of("?#") == text.npos; }

// Its user, path and query are often all that keeps others from calling it.
std::string shown_url(std::string_view text) {
    const auto host = std::min(text.find("://") + 3, text.size());
    if (text.find('@', host) != text.npos) return std::string(text.substr(0, host)) + "...";
    const auto path = text.find('/', host);
    return std::string(text.substr(0, path)) + (path == text.npos ? "" : "/...");
}

bool is_network(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == text.npos) return false;
    const std::string address(text.substr(0, slash));
    unsigned char bytes[16];
    const bool v4 = inet_pton(AF_INET, address.c_str(), bytes) == 1;
    if (!v4 && inet_pton(AF_INET6, address.c_str(), bytes) != 1) return false;
    const std::string_view digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    return read.ec == std::errc() && read.ptr == digits.data() + digits.size() && bits <= (v4 ? 32U : 128U);
}

bool is_host_name(std::string_view text) { return !text.empty() && text.find_first_of("/ *:") == text.npos; }

// A member of Config under its own name.
#define MEMBER(path) #path, +[](Config & config) -> decltype((config.path)) { return config.path; }

constexpr bool kLive = true;
constexpr bool kRestart = false;

const std::array kOptions{
    Option{MEMBER(listen), Form{is_address, "HOST:PORT"}, kRestart, "",
           "Address of the listener. Port 0 takes a free one. Off loopback authentication is required."},
    Option{MEMBER(heartbeat_ms), Range{100, 600'000}, kLive, "",
           "Each connection gets a heartbeat this often, whatever else it carries. A peer that gives no sign of life "
           "for two of them is closed with 4004."},
    Option{MEMBER(heartbeat_jitter), Range{0, 0.5}, kLive, "",
           "Part of heartbeat_ms by which each heartbeat varies, so that connections do not beat together."},

    Option{MEMBER(server.loops), Range{0, kLoopsMax}, kRestart, "", "I/O threads. 0: one a core."},

    Option{MEMBER(limits.connections), Range{0, 10'000'000}, kLive, "CONNECTION_POOL_SIZE",
           "Connections in all; beyond it newcomers are told to try later. 0: from the limit on open files, less a "
           "reserve."},
    Option{MEMBER(limits.connections_per_player), Range{1, 1'024}, kLive, "MAX_CONNECTIONS_PER_PLAYER",
           "Connections of one player, both wires together."},
    Option{MEMBER(limits.limit_policy), Choices{{"displace", "refuse"}}, kLive, "",
           "What a connection over connections_per_player does: displace the oldest of its wire, or be refused."},
    Option{MEMBER(limits.sessions), Range{1, 100'000'000}, kLive, "",
           "Sessions in all, those in their grace included."},
    Option{MEMBER(limits.channels_per_session), Range{1, 1'000'000}, kLive, "",
           "Channels that one session subscribes to."},
    Option{MEMBER(limits.commands_outstanding), Range{1, 65'536}, kLive, "",
           "Unanswered commands of one client; beyond it too_many_outstanding."},
    Option{MEMBER(limits.commands_handled), Range{1, 10'000'000}, kLive, "",
           "Commands at the application's handlers, waiting or running; beyond it overloaded."},
    Option{
        MEMBER(limits.requests), Range{0, 1'000'000'000}, kLive, "RATE_LIMIT_REQUESTS",
        "Commands and HTTP requests of one player at once, and as many again over limits.window_s, evenly; beyond it "
        "rate_limited. Openings of streams count, acknowledgements do not. 0: any number."},
    Option{MEMBER(limits.window_s), Range{1, 86'400}, kLive, "RATE_LIMIT_WINDOW",
           "The time over which limits.requests come anew."},
    Option{MEMBER(limits.batch_messages), Range{1, 1'000'000}, kLive, "", "Messages of one publish."},
    Option{MEMBER(limits.message_bytes), Range{1'024, 67'108'864}, kLive, "",
           "A WebSocket message from a client; a longer one closes the connection with 1009."},
    Option{MEMBER(limits.body_bytes), Range{1'024, 67'108'864}, kLive, "",
           "An HTTP request's body; a longer one is 413."},
    Option{MEMBER(limits.header_bytes), Range{1'024, 1'048'576}, kLive, "",
           "An HTTP request's head; a longer one is 431."},
    Option{MEMBER(limits.request_timeout_s), Range{1, 600}, kLive, "",
           "A request has to be complete so long after its first byte; otherwise 408."},

    Option{MEMBER(session.idle_timeout_s), Range{1, 86'400}, kLive, "CONNECTION_TIMEOUT",
           "A connection with no sign of life for so long is closed, whatever the heartbeat says."},
    Option{MEMBER(session.grace_s), Range{0, 86'400}, kLive, "",
           "A session outlives its last connection by this: who comes back in time resumes."},
    Option{
        MEMBER(session.slow_reader), Choices{{"disconnect", "gap", "conflate"}}, kLive, "",
        "What becomes of a reader whose cursor leaves the retention: closed with 4005, told the gap and kept, or that "
        "and, of the entries with one key, only the newest while it is behind."},
    Option{MEMBER(session.sweep_interval_s), Range{1, 86'400}, kLive, "CLEANUP_INTERVAL",
           "How often expired sessions and forgotten ids are cleared away."},
    Option{MEMBER(session.replaced_ids), Range{1, 10'000'000}, kLive, "",
           "Ids of replaced sessions that are remembered, for a day at most."},
    Option{MEMBER(session.command_outcomes), Range{16, 65'536}, kLive, "",
           "Outcomes of commands that are kept for each client, to answer a command that is sent again."},

    Option{MEMBER(delivery.mode_default), Choices{{"mirror", "standby"}}, kLive, "",
           "Mode of a client's second wire where the client names none."},
    Option{MEMBER(delivery.turn_budget_us), Range{100, 1'000'000}, kLive, "",
           "A loop that has fanned out for so long turns to its other events and goes on in the next turn."},
    Option{MEMBER(delivery.catch_up_budget_bytes), Range{4'096, 67'108'864}, kLive, "",
           "What one connection that catches up is given in a turn, so that live traffic does not wait for it."},

    Option{MEMBER(journal.kind), Choices{{"memory"}}, kRestart, "", "Where the journal is kept."},
    Option{MEMBER(journal.path), AnyValue{}, kRestart, "", "File of a journal that is kept on disk."},
    Option{MEMBER(journal.retention_entries), Range{16, 16'777'216}, kRestart, "",
           "Entries that a resume can ask for."},
    Option{MEMBER(journal.retention_bytes), Range{65'536, 68'719'476'736}, kRestart, "", "The same, in bytes."},
    Option{MEMBER(journal.retention_s), Range{1, 604'800}, kRestart, "", "The same, in seconds."},

    Option{
        MEMBER(http.origins), Form{is_origin, "origins such as https://game.example, or *"}, kLive, "CORS_ORIGINS",
        "Origins allowed beside the server's own, for requests and WebSockets. * allows all others, without cookies."},
    Option{MEMBER(http.allowed_hosts), Form{is_host_name, "host names without port"}, kLive, "",
           "Host names that are answered beside loopback names while authentication is off."},
    Option{MEMBER(http.keepalive_s), Range{1, 3'600}, kLive, "",
           "An HTTP connection without a request is closed after so long."},

    Option{MEMBER(websocket.deflate), AnyValue{}, kLive, "", "Offer permessage-deflate."},
    Option{MEMBER(websocket.deflate_min_bytes), Range{0, 67'108'864}, kLive, "",
           "Shorter messages are sent uncompressed."},

    Option{MEMBER(drain.spread_ms), Range{0, 600'000}, kLive, "",
           "At a shutdown each connection is closed after a random delay up to this, which it is told before; of few "
           "connections after up to 20 ms for each. Not above drain.timeout_s."},
    Option{MEMBER(drain.timeout_s), Range{0, 600}, kLive, "", "A shutdown closes what is still open after so long."},

    Option{MEMBER(log.level),
           Choices{{"debug", "info", "warning", "error", "critical"}, {{"warn", "warning"}, {"fatal", "critical"}}},
           kLive, "LOG_LEVEL", "The least important lines that are written."},
    Option{MEMBER(log.format), Choices{{"json", "console"}}, kRestart, "LOG_FORMAT",
           "One JSON object a line, or lines for people."},
    Option{MEMBER(log.file), AnyValue{}, kRestart, "",
           "File that gets the lines beside the stream, with its directory made where there is none; SIGHUP opens it "
           "anew. auto: logs/mythos.log for mythosd and `mythos serve`, none for a server within another program. "
           "Empty: none."},
    Option{MEMBER(log.rotate_bytes), Range{0, 1e12}, kLive, "",
           "The file is rotated before it grows beyond this: renamed to what the time is, and compressed a little "
           "later. 0: never by size."},
    Option{MEMBER(log.rotate_s), Range{0, 31'536'000}, kLive, "",
           "The same before the first line that comes when the file is this old. 0: never by age."},
    Option{MEMBER(log.keep), Range{1, 10'000}, kLive, "", "Rotated files that are kept; older ones are deleted."},
    Option{MEMBER(log.message_sample), Range{0, 1}, kLive, "",
           "Part of the messages, and of their deliveries, that are logged, chosen at random; at most 500 lines a "
           "second and loop. The part stands in each line."},

    Option{MEMBER(store.url), Form{is_store_url, store::kStoreUrlForms, store::shown_store_url}, kRestart,
           "DATABASE_URL",
           "Database that gets the history of connections and sessions. auto: sqlite:///data/mythos.db for mythosd and "
           "`mythos serve`, none for a server within another program. Three slashes are before a relative path, four "
           "before an absolute one. Empty or none: none."},
    Option{MEMBER(store.server_id), Form{is_server_id, "up to 128 characters of A-Z a-z 0-9 . _ : @ -, or empty"},
           kRestart, "",
           "Name of this server in the history, the same at each of its starts. Empty: HOSTNAME:PORT, which will do "
           "where both stay."},
    Option{MEMBER(store.retention_s), Range{0, 3'153'600'000}, kRestart, "",
           "Rows of what ended so long ago are deleted. 0: they are kept for ever."},
    Option{MEMBER(store.queue_events), Range{16, 16'777'216}, kRestart, "",
           "Openings and closings that wait for the database; beyond it they are dropped and counted."},

    Option{MEMBER(auth.mode), Choices{{"none", "application"}}, kRestart, "",
           "How players prove who they are. application: the program that the server is part of is asked."},

    Option{MEMBER(players.may_publish), AnyValue{}, kRestart, "",
           "Whether players may use the command `publish`, with which they can say anything to anybody, while there is "
           "authentication. Without it they may."},

    Option{MEMBER(health.interval_s), Range{1, 86'400}, kLive, "HEALTH_CHECK_INTERVAL",
           "How often the health of the server's own components is checked, in the background."},

    Option{MEMBER(monitor.enabled), AnyValue{}, kLive, "ENABLE_METRICS",
           "Whether /metrics and /monitoring/ are answered. It is measured all the same, for health is judged by it; "
           "health and probes are always answered."},
    Option{MEMBER(monitor.listen), Form{is_monitor_address, "a port, HOST:PORT, or empty"}, kRestart, "METRICS_PORT",
           "A listener for monitoring alone: probes, health, /metrics, /monitoring/ and /drain. The one for everybody "
           "then answers, of these, no /metrics, /monitoring/ and /health/detailed. A port alone: on the host of "
           "listen. Port 0 takes a free one. Off loopback authentication is required. Empty: no other listener."},
    Option{MEMBER(monitor.sample_interval_s), Range{1, 3'600}, kLive, "METRICS_COLLECTION_INTERVAL",
           "How often memory and CPU of the process, and the health of each connection, are looked at; what is told "
           "of them is as old at most. What is counted is counted as it happens."},
    Option{MEMBER(monitor.max_samples), Range{1, 1'000'000}, kLive, "MAX_METRICS_SAMPLES",
           "Recent errors that are kept with their details."},
    Option{MEMBER(monitor.certificates), Form{is_path, "a path"}, kRestart, "",
           "PEM files with the certificates that the proxy before the server has, whose expiry is watched. They are "
           "read again when they change."},

    Option{
        MEMBER(alerts.rules), AnyValue{}, kRestart, "",
        "Files of Prometheus rules that a server in Python evaluates; mythosd evaluates none. packaged: the one that "
        "comes with the package. auto: that one for `mythos serve`, none for a server within another program. "
        "Empty: none."},
    Option{MEMBER(alerts.interval_s), Range{0.1, 3'600}, kRestart, "",
           "How often series are recorded for the rules, and rules evaluated whose group says nothing else."},
    Option{MEMBER(alerts.job), Form{is_label_value, "1 to 128 characters"}, kRestart, "",
           "The label `job` of the series that rules see, as Prometheus's scrape_configs call it."},
    Option{MEMBER(alerts.instance), AnyValue{}, kRestart, "",
           "The label `instance` of these. Empty: HOST:PORT of the listener that answers /metrics, with the machine's "
           "name for all addresses."},
    Option{MEMBER(alerts.notifications), AnyValue{}, kRestart, "",
           "File in the format of alertmanager.yml that says who is told of alerts, and how. Empty: nobody."},
    Option{MEMBER(alerts.alertmanagers), Form{is_http_url, "http(s)://HOST[:PORT][/PATH]", shown_url}, kRestart, "",
           "Alertmanagers that are given every alert, each of them; grouping, silences and telling are theirs."},
    Option{MEMBER(alerts.allowed_networks), Form{is_network, "an address with a prefix length, such as 10.0.0.0/8"},
           kRestart, "",
           "Networks that notifications may go to besides public ones. Loopback, private and link-local addresses are "
           "refused otherwise, whatever name leads there."},
    Option{MEMBER(alerts.external_url), Form{is_site_or_empty, "http(s)://HOST[:PORT][/PATH], or empty"}, kRestart, "",
           "Where people reach this server, for links in notifications. Empty: http:// and what stands for an empty "
           "alerts.instance."},
    Option{MEMBER(alerts.state), AnyValue{}, kRestart, "",
           "File that keeps silences, what was told and what has to be told over a restart; the same with .json "
           "keeps since when alerts are pending or firing. Empty: nothing is kept."},
    Option{MEMBER(alerts.heartbeat_url), Form{is_url_or_empty, "http(s)://HOST[:PORT][/PATH], or empty", shown_url},
           kRestart, "",
           "Called every heartbeat_s while rules are evaluated; whoever is there raises the alarm when it stays away. "
           "Empty: nobody."},
    Option{MEMBER(alerts.heartbeat_s), Range{1, 86'400}, kRestart, "", "Seconds between two calls of heartbeat_url."},
    Option{MEMBER(alerts.incidents), AnyValue{}, kRestart, "",
           "Directory that gets a bundle of what the server knew when an alert began to fire, as a notebook with its "
           "data, at most 5 MiB each. Empty: none."},
    Option{MEMBER(alerts.incidents_max), Range{1, 10'000}, kRestart, "",
           "Bundles that are kept; older ones are deleted."},
    Option{
        MEMBER(alerts.recordings), AnyValue{}, kRestart, "",
        "Directory that keeps the last day of the server's own series, some megabytes, for `mythos alerts backtest`. "
        "Empty: none."},
};

#undef MEMBER

// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

std::string_view key_of(std::string_view name) { return name.substr(name.find('.') + 1); }

}  // namespace

std::span<const Option> all_options() { return kOptions; }

const Option* find_option(std::string_view name) {
    const auto found = std::ranges::find(kOptions, name, &Option::name);
    return found == kOptions.end() ? nullptr : &*found;
}

std::string_view table_of(std::string_view name) {
    const auto dot = name.find('.');
    return dot == name.npos ? std::string_view{} : name.substr(0, dot);
}

std::string_view nearest_option(std::string_view name) {
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 4) + 1;
    for (const Option& option : kOptions) {
        // The right key under another table is nearer than any slip.
        const auto distance = key_of(option.name) == key_of(name) ? 0 : edit_distance(name, option.name);
        if (distance < best_distance) {
            best = option.name;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace mythos::server
