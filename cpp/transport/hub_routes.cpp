#include "transport/hub_routes.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "protocol/envelope.hpp"
#include "protocol/json_text.hpp"
#include "transport/connect_request.hpp"
#include "transport/trace_context.hpp"
#include "transport/uri.hpp"

namespace mythos::transport {
namespace {

constexpr std::uint32_t kHistoryLimit = 50;

std::optional<Error> fault_of_player(std::string_view player) {
    if (is_valid_name(player, kNameBytesMax)) return std::nullopt;
    return Error{"bad_name", "This is no player id."};
}

std::optional<Error> fault_of_channel(std::string_view channel) {
    if (protocol::is_valid_channel(channel)) return std::nullopt;
    return Error{"bad_channel", "A channel is 1 to 256 bytes of UTF-8 without control characters."};
}

// The key of a publish goes into the journal's checkpoint, which is JSON. Absent is well; there, it has to be a key.
std::optional<Error> fault_of_key(const HttpRequest& request) {
    const std::string_view key = request.header("Idempotency-Key");
    const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    const bool good = !key.empty() && key.size() <= kIdempotencyKeyBytesMax && visible;
    if (good || !request.has_header("Idempotency-Key")) return std::nullopt;
    return Error{"bad_idempotency_key", "An Idempotency-Key is 1 to 255 visible ASCII characters."};
}

// Nothing of it is used yet, but what is no JSON was not meant for this route. No body at all is taken for `{}`.
std::optional<Error> fault_of_session(const HttpRequest& request) {
    if (request.body.empty() || protocol::is_valid_json(request.body)) return std::nullopt;
    return Error{"bad_json", "The body is not valid JSON."};
}

std::optional<Error> fault_of_commands(const QueryParameters& query) {
    const std::string client = query.text("client_id");
    const bool client_ok = client.empty() || is_valid_name(client, kNameBytesMax);
    if (client_ok && is_valid_name(query.text("session_id"), kNameBytesMax)) return std::nullopt;
    return Error{"bad_name", "Commands need ?session_id=, and with it the ?client_id= of the wires."};
}

std::optional<Error> fault_of(Route route, std::string_view parameter, const HttpRequest& request,
                              const QueryParameters& query) {
    switch (route) {
        case Route::publish:
            return fault_of_key(request);
        case Route::connections_of_player:
            return fault_of_player(parameter);
        case Route::new_session: {
            auto fault = fault_of_player(parameter);
            return fault ? fault : fault_of_session(request);
        }
        case Route::presence:
        case Route::history:
            return fault_of_channel(parameter);
        case Route::commands:
            return fault_of_commands(query);
        default:
            return std::nullopt;
    }
}

Result<void> ask_history(hub::LoopCore& core, std::string channel, const QueryParameters& query, MonoTime now,
                         hub::AnswerTo answer) {
    std::uint32_t limit = kHistoryLimit;
    if (const auto text = query.get("limit")) {
        limit = number_in<std::uint32_t>(*text).value_or(0);
        if (limit == 0) return Error{"bad_request", "The limit is a number above 0."};
    }
    std::optional<std::string> before;
    if (const auto text = query.get("before"); text && !text->empty()) {
        if (!parse_cursor(*text)) return Error{"bad_cursor", "A cursor is <epoch>-<seq>, as in the id of an entry."};
        before = std::string(*text);
    }
    core.get_history(std::move(channel), limit, std::move(before), now, std::move(answer));
    return {};
}

}  // namespace

Result<void> ask_hub(hub::LoopCore& core, RouteMatch match, HttpRequest request, const std::string& player_id,
                     MonoTime now, hub::AnswerTo answer) {
    const auto query = QueryParameters::parse(request.query());
    if (!query) return Error{"bad_request", "The query has a broken percent escape."};
    if (auto fault = fault_of(match.route, match.parameter, request, *query)) return std::move(*fault);

    switch (match.route) {
        case Route::commands:
            core.post_commands(query->text("session_id"), query->text("client_id"), std::move(request.body), now,
                               std::move(answer), player_id, std::string(trace_id_of(request)));
            return {};
        case Route::publish: {
            std::string key(request.header("Idempotency-Key"));
            std::string trace_id(trace_id_of(request));
            core.post_publish(std::move(request.body), std::move(key), now, std::move(answer), std::move(trace_id));
            return {};
        }
        case Route::disconnect:
            core.post_disconnect(std::move(request.body), now, std::move(answer));
            return {};
        case Route::new_session:
            core.post_session(std::move(match.parameter), now, std::move(answer));
            return {};
        case Route::connections_of_player:
            core.get_connections(std::move(match.parameter), now, std::move(answer));
            return {};
        case Route::statistics:
            core.get_statistics(now, std::move(answer));
            return {};
        case Route::channels:
            core.get_channels(now, std::move(answer));
            return {};
        case Route::presence:
            core.get_presence(std::move(match.parameter), now, std::move(answer));
            return {};
        case Route::history:
            return ask_history(core, std::move(match.parameter), *query, now, std::move(answer));
        default:
            return Error{"bad_request", "The hub has no answer to this route."};
    }
}

}  // namespace mythos::transport
