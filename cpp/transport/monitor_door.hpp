// The site as the listener for monitoring shows it: probes, health, metrics and what else the monitor tells, nothing of
// the game. Thread-safety: the loop's own thread.
#pragma once

#include <utility>

#include "transport/site.hpp"

namespace mythos::transport {

class MonitorDoor final : public HttpApplication {
public:
    // `site` outlives it.
    explicit MonitorDoor(Site& site) : site_(site) {}

    Verdict head(const HttpConnection& connection, const HttpRequest& request) override {
        return site_.head_at(connection, request, Door::monitoring);
    }
    void request(HttpConnection& connection, HttpRequest request) override {
        site_.request(connection, std::move(request));
    }
    HttpResponse refuse(int status) override { return site_.refuse(status); }
    void silent() override { site_.silent(); }
    void answered(int label, bool head, Duration took) override { site_.answered(label, head, took); }

private:
    Site& site_;
};

}  // namespace mythos::transport
