// What is asked of the monitor: routes whose answers are made off the loops (cpp/monitor), as the site passes them on.
//
// Stateless values; any thread.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "transport/http_message.hpp"
#include "transport/http_router.hpp"

namespace mythos::transport {

struct MonitorRequest {
    Route route = Route::metrics;
    std::string parameter;  // of the path, decoded
    std::string query;      // undecoded, without '?'
    std::string accept;     // the headers of that name, joined; empty where there is none
    std::string accept_encoding;
};

// An answer of any status, or an error of the request, which the site makes a body of: `bad_request` (400),
// `not_found` (404), `overloaded` (503), `server_fault` (500).
using MonitorAnswer = Result<HttpResponse>;

// The answer comes once, on any thread, or never if the server ends before. False: too many ask.
using AskMonitor = std::function<bool(MonitorRequest request, std::function<void(MonitorAnswer)> answer)>;

}  // namespace mythos::transport
