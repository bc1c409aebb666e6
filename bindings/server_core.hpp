// A server inside a Python process: configuration, log, loops, and the way of commands to Python and back.
//
// Thread-safety: any thread; methods are called with the GIL held and let it go for whatever takes a lock or waits, so
// that no loop ever waits for Python. After `stop` everything else raises CoreError `stopped`.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "observe/log.hpp"
#include "server/config.hpp"
#include "server/server.hpp"
#include "transport/socket.hpp"

namespace mythos::bindings {

namespace py = pybind11;

class ServerCore {
public:
    // Listens when it returns. CoreError: `bad_config`, `exposed_without_authentication`, those of listening.
    explicit ServerCore(const py::dict& options);
    ~ServerCore();

    int port() const { return port_; }
    int monitor_port() const { return monitor_port_; }
    py::dict options() const;
    // `(changed, waiting)`, each a list of (option, from, to). CoreError `bad_config`.
    py::tuple reload(const py::dict& options);
    // The log's file, before the next line: for a rotation that has moved it away.
    void reopen_log();

    // `body` is that of POST /api/publish. The ids.
    std::vector<std::string> publish(std::string_view body);
    std::size_t disconnect(const std::string& player_id, const std::string& session_id,
                           const std::string& connection_id, std::uint16_t code, const std::string& reason);
    // The new session, and how many connections of the old one were told to close.
    std::pair<std::string, std::size_t> replace_session(const std::string& player_id);
    void subscribe(const std::string& player_id, const std::vector<std::string>& channels, bool presence);
    void unsubscribe(const std::string& player_id, const std::vector<std::string>& channels);

    // JSON texts, as in hub/application.hpp.
    py::bytes connections(const std::string& player_id) const;
    py::bytes all_connections() const;
    py::bytes channels() const;
    py::bytes presence(const std::string& channel) const;
    // What a monitoring route answers to such a query, as JSON in bytes. `route`: the path behind `/monitoring/`.
    // CoreError: `bad_request`, `not_found`, `overloaded`.
    py::bytes monitoring(const std::string& route, const std::string& parameter, const std::string& query) const;
    std::size_t session_count() const;
    std::size_t connection_count() const;

    // Rows of the history as a JSON array; waits for the database. CoreError: those of store/history_reader.hpp.
    py::bytes history(bool connections, const std::string& player_id, const std::string& session_id,
                      std::optional<double> since, std::size_t limit) const;
    // False: not all was written in time. True also where no history is kept.
    bool flush_history(double timeout_s) const;
    // None where no history is kept.
    py::object store_probe() const;

    // Readable while calls wait, until `take_calls`.
    int calls_descriptor() const { return calls_ready_.descriptor(); }
    void set_types(std::vector<std::string> types);
    // The server's own questions that are taken as calls, such as `mythos.alerts`.
    void set_questions(std::vector<std::string> questions);
    // A list of Commands (command_object.hpp).
    py::list take_calls(std::size_t max);
    // A list of (command, data), which is JSON in bytes, or for errors (command, code, message, retryable); retryable:
    // it was not executed.
    void answer_calls(const py::list& answers);
    // Calls that wait come back as refused; no more come.
    void close_calls();

    // A component of the application's, and what its check found; `details` is a JSON object, or empty. CoreError:
    // `bad_name`, `exists`, `limit`, `bad_status`.
    void add_health(const std::string& name, bool critical, double interval_s, double timeout_s,
                    std::vector<std::string> tags);
    void remove_health(const std::string& name);
    void report_health(const std::string& name, const std::string& status, double took_s, std::string details);
    // A check threw, ran out of time or answered nonsense; `why` goes into the log alone.
    void note_check_failure(const std::string& name, const std::string& code, const std::string& why);
    // As GET /health/detailed answers.
    py::bytes health() const;
    // What GET /metrics tells, as metric_values.hpp has it.
    py::tuple samples() const;
    // What GET /monitoring/alerts answers from now on, a JSON object with at least one member, and the alert engine's
    // metrics, as metric_values.hpp takes them. Without a report: there is no engine any more.
    void tell_alerts(std::string report, const py::list& metrics);
    // An error of the application's own. CoreError `bad_value` for a type or severity that is none.
    void record_error(const std::string& type, const std::string& severity, const std::string& code,
                      const std::string& message, const std::string& player_id, const std::string& session_id,
                      const std::string& connection_id, std::string details);
    // As GET /monitoring/errors answers, with so many of the newest.
    py::bytes errors(std::size_t recent_max) const;

    void drain(std::int64_t spread_ms, const std::string& reason);
    bool is_drained() const;
    // Ends the threads. The second call does nothing.
    void stop();
    // For the child of a fork, which has the memory but not the threads: closes the sockets, leaves the rest alone.
    void abandon();

private:
    // What lives as long as somebody uses it; the last user ends it.
    struct Running;
    std::shared_ptr<Running> running() const;
    std::shared_ptr<Running> take_running();
    static void end(std::shared_ptr<Running> running);
    // f(Running&) without the GIL.
    template <class F>
    auto unlocked(F&& f) const;

    mutable std::mutex mutex_;  // guards running_; never held while waiting
    std::shared_ptr<Running> running_;
    transport::Socket calls_ready_;
    int port_ = 0, monitor_port_ = 0;
};

}  // namespace mythos::bindings
