// The site: which request is let in, and what each route does with LoopCore.
//
// Every answer is JSON but the index; an error body is `hub::error_answer`'s and never holds an exception's text.
// Thread-safety: one a loop, on its thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "hub/loop_core.hpp"
#include "transport/authenticate.hpp"
#include "transport/http_connection.hpp"
#include "transport/http_policy.hpp"
#include "transport/http_router.hpp"
#include "transport/monitor_listeners.hpp"
#include "transport/monitor_request.hpp"
#include "transport/request_times.hpp"
#include "transport/stream_connection.hpp"

namespace mythos::transport {

struct SiteSettings {
    HttpPolicy policy;
    HttpLimits limits;
    std::size_t body_bytes_max = std::size_t{1} << 20;  // of a POST
    protocol::Mode mode_default = protocol::Mode::mirror;
    bool deflate = true;                     // agree to permessage-deflate
    bool monitoring = true;                  // answer what tells of measurements
    bool monitoring_apart = false;           // there is a listener for it: not by the one for everybody
    bool application_authenticates = false;  // it is asked who each caller is, and `Authenticate` is not
};

// Answers `live` or `ready` at once, on any loop.
using AnswerProbe = std::function<MonitorAnswer(Route route, std::string_view query)>;

// Which of the server's listeners a request came by: that for everybody, or monitor.listen.
enum class Door : std::uint8_t { everybody, monitoring };

class Site final : public HttpApplication {
public:
    // What is referred to outlives the site.
    Site(StreamContext& streams, SiteSettings settings, Authenticate authenticate);

    Verdict head(const HttpConnection& connection, const HttpRequest& request) override {
        return head_at(connection, request, Door::everybody);
    }
    Verdict head_at(const HttpConnection& connection, const HttpRequest& request, Door door);
    void request(HttpConnection& connection, HttpRequest request) override;
    HttpResponse refuse(int status) override;
    void silent() override;
    void answered(int label, bool head, Duration took) override;

    void set_draining() { draining_ = true; }
    MonitorListeners& listeners() { return listeners_; }
    const RequestTimes& request_times() const { return request_times_; }
    void set_settings(SiteSettings settings) { settings_ = std::move(settings); }
    // Without it a loop is alive and ready.
    void set_probe(AnswerProbe probe) { probe_ = std::move(probe); }
    // What `POST /drain` does; called on this loop.
    void set_drain(std::function<void()> drain) { drain_ = std::move(drain); }
    // Without it the routes that the monitor answers are none.
    void set_monitor(AskMonitor ask) { ask_monitor_ = std::move(ask); }

private:
    // Why a route is not answered here; null: it is.
    const char* not_served(Route route, Door door) const;
    std::optional<HttpResponse> refuse_entry(const HttpConnection& connection, const HttpRequest& request,
                                             const RouteMatch& match);
    HttpResponse refuse_no_route(const HttpRequest& request, const RouteMatch& match);
    // Records the error, and answers it.
    HttpResponse refused(stats::Counter counter, const HttpRequest* request, int status, std::string_view code,
                         std::string_view message);
    // One that wanted to open a stream; it is told as an attempt that failed.
    struct Asked {
        const HttpConnection& connection;
        const HttpRequest& request;
        protocol::Wire wire;
        std::string player_id;  // as the request names it, or empty
    };
    HttpResponse refused(stats::Rejection why, const Asked& asked, int status, std::string_view code,
                         std::string_view message);
    void note(stats::Counter counter, observe::ErrorContext context, int status, const HttpRequest* request);
    HttpResponse error(std::string_view type, const HttpRequest* request, int status, std::string_view code,
                       std::string_view message);

    void ask_who(HttpConnection& connection, HttpRequest request, RouteMatch match);
    void admit(HttpConnection& connection, HttpRequest request, const RouteMatch& match, const Result<Caller>& caller);
    void refuse(HttpConnection& connection, const HttpRequest& request, const RouteMatch& match, const Error& why);
    void open_stream(HttpConnection& connection, const HttpRequest& request, const RouteMatch& match,
                     const Authenticate& authenticate);
    void open_websocket(HttpConnection& connection, const HttpRequest& request, const std::string& player,
                        const Authenticate& authenticate);
    void open_event_stream(HttpConnection& connection, const HttpRequest& request, const std::string& player,
                           const Authenticate& authenticate);
    Result<hub::ConnectRequest> read_connect(HttpConnection& connection, const HttpRequest& request,
                                             protocol::Wire wire, const std::string& player,
                                             const Authenticate& authenticate);
    void refuse_stream(HttpConnection& connection, const Asked& asked, const Error& why);

    void pass_on(HttpConnection& connection, RouteMatch match, HttpRequest request, const std::string& player_id);
    using TellAnswered = std::function<void(int status)>;
    TellAnswered answered_line(const HttpRequest& request);
    hub::AnswerTo hub_answer(HttpConnection& connection, const HttpRequest& request);
    HttpResponse page(const RouteMatch& match, const HttpRequest& request);
    HttpResponse probed(Route route, std::string_view query);
    HttpResponse begin_drain(const HttpRequest& request);
    void ask_alert_engine(HttpConnection& connection, const HttpRequest& request, const RouteMatch& match);
    void open_monitor_stream(HttpConnection& connection, const HttpRequest& request, const RouteMatch& match);
    void ask_monitor(HttpConnection& connection, const HttpRequest& request, RouteMatch match);
    HttpResponse monitor_answer(MonitorAnswer answer);

    WallTime wall() const { return streams_.loop.clock().wall(); }
    MonoTime now() const { return streams_.loop.now(); }

    StreamContext& streams_;
    SiteSettings settings_;
    Authenticate authenticate_;
    AskMonitor ask_monitor_;
    AnswerProbe probe_;
    std::function<void()> drain_;
    MonitorListeners listeners_;
    RequestTimes request_times_;
    bool draining_ = false;
};

}  // namespace mythos::transport
