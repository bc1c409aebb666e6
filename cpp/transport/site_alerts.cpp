// The part of the site that asks the application's alert engine, which answers in Alertmanager's API v2.
#include <nlohmann/json.hpp>

#include "protocol/json_text.hpp"
#include "transport/site.hpp"

namespace mythos::transport {

using nlohmann::json;
using stats::Counter;

namespace {

constexpr const char* kQuestion = "mythos.alerts";

// As the engine sees it (python/mythos/alerts/api.py).
std::string question_of(const HttpRequest& request, const RouteMatch& match) {
    const bool get = request.method == "HEAD";
    const json question{{"method", get ? "GET" : std::string(request.method)},
                        {"route", name_of(match.route).path},
                        {"parameter", match.parameter},
                        {"query", request.query()},
                        {"body", request.body}};
    return protocol::print_json(question);
}

}  // namespace

void Site::ask_alert_engine(HttpConnection& connection, const HttpRequest& request, const RouteMatch& match) {
    if (!streams_.core.answers(kQuestion))
        return refuse(connection, request, match,
                      {"not_found", "No alert rules are evaluated here; see alerts.rules."});
    const auto answer = [this, later = connection.answer_later(),
                         cors = cors_headers(settings_.policy, request)](const hub::HandlerAnswer& told) {
        HttpResponse response;
        if (told.kind == hub::HandlerAnswer::Kind::done) {
            // {"status", "body"}: the engine's own words, also where it refuses.
            const json words = json::parse(told.data.view());
            response.status = words.at("status");
            response.body = words.at("body").dump();
        } else {
            response = refused(Counter::http_handler_failed, nullptr, 500, told.error.code, told.error.message);
        }
        add_cors(response, HttpHeaders(cors));
        later(std::move(response));
    };
    if (!streams_.core.ask(kQuestion, question_of(request, match), answer))
        refuse(connection, request, match, {"overloaded", "Too many ask the application; try again later."});
}

}  // namespace mythos::transport
