#include "transport/authenticate.hpp"

#include <nlohmann/json.hpp>

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "protocol/json_text.hpp"
#include "transport/connect_request.hpp"
#include "transport/http_message.hpp"

namespace mythos::transport {

using nlohmann::json;

namespace {

json text_or_null(std::string_view text) { return text.empty() ? json(nullptr) : json(text); }

std::string_view bearer_token(const Credentials& credentials) {
    constexpr std::string_view kScheme = "Bearer ";
    if (!credentials.bearer.empty()) return credentials.bearer;
    if (!equals_in_any_case(credentials.authorization.substr(0, kScheme.size()), kScheme)) return {};
    return credentials.authorization.substr(kScheme.size());
}

}  // namespace

std::string credentials_json(const Credentials& credentials) {
    return protocol::print_json({{"player_id", text_or_null(credentials.named_player)},
                                 {"authorization", text_or_null(credentials.authorization)},
                                 {"cookie", text_or_null(credentials.cookie)},
                                 {"token", text_or_null(bearer_token(credentials))},
                                 {"ticket", text_or_null(credentials.ticket)}});
}

Result<Caller> caller_from(const hub::HandlerAnswer& answer) {
    if (answer.kind != hub::HandlerAnswer::Kind::done) return answer.error;
    const json found = json::parse(answer.data, nullptr, false);
    if (found == json{{"application", true}}) return Caller{};
    if (!found.is_string() || !is_valid_name(found.get_ref<const std::string&>(), kNameBytesMax))
        return Error{"handler_failed", "The application named no player."};
    return Caller{found.get<std::string>()};
}

Result<std::string> player_of(const Result<Caller>& caller) {
    if (!caller) return caller.error();
    if (caller->is_application()) return Error{"forbidden", "Streams are for players; the application is none."};
    return caller->player_id;
}

Authenticate authenticate_none() {
    return [](const Credentials& credentials) -> Result<std::string> {
        if (credentials.named_player.empty()) {
            return Error{"bad_name", "Name the player: in the path, or with ?player_id=."};
        }
        return std::string(credentials.named_player);
    };
}

}  // namespace mythos::transport
