#include "protocol/ws_extension.hpp"

#include <algorithm>
#include <cstddef>

namespace mythos::protocol {
namespace {

constexpr std::string_view kDeflate = "permessage-deflate";
constexpr std::string_view kServerNoContext = "server_no_context_takeover";
constexpr std::string_view kClientNoContext = "client_no_context_takeover";
constexpr std::string_view kServerWindowBits = "server_max_window_bits";
constexpr std::string_view kClientWindowBits = "client_max_window_bits";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_char(char c) {
    if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z')) return true;
    return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Reads the grammar of RFC 6455 9.1 from the front of a header.
class Cursor {
public:
    explicit Cursor(std::string_view text) : rest_(text) {}

    bool at_end() {
        skip_space();
        return rest_.empty();
    }

    bool take(char c) {
        skip_space();
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }

    // Empty where no token stands.
    std::string take_token() {
        skip_space();
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
        std::string token(rest_.begin(), end);
        rest_.remove_prefix(token.size());
        return token;
    }

    // A token, or a quoted string that holds one once it is unescaped; empty on anything else.
    std::string take_value() {
        if (!take('"')) return take_token();
        std::string value;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\') rest_.remove_prefix(1);
            if (rest_.empty() || !is_token_char(rest_.front())) return {};
            value.push_back(rest_.front());
            rest_.remove_prefix(1);
        }
        return take('"') ? value : std::string();
    }

private:
    void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

    std::string_view rest_;
};

std::string lowered(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), lower);
    return text;
}

bool take_extension(Cursor& cursor, WsExtension& extension) {
    extension.name = lowered(cursor.take_token());
    if (extension.name.empty()) return false;
    while (cursor.take(';')) {
        WsExtensionParameter parameter{lowered(cursor.take_token()), std::nullopt};
        if (parameter.name.empty()) return false;
        if (cursor.take('=')) {
            parameter.value = cursor.take_value();
            if (parameter.value->empty()) return false;
        }
        extension.parameters.push_back(std::move(parameter));
    }
    return true;
}

// 8 to 15, without leading zeros (RFC 7692 7.1.2.1).
std::optional<std::uint8_t> window_bits(std::string_view value) {
    if (value == "8" || value == "9") return static_cast<std::uint8_t>(value[0] - '0');
    if (value.size() != 2 || value[0] != '1' || value[1] < '0' || value[1] > '5') return std::nullopt;
    return static_cast<std::uint8_t>(10 + value[1] - '0');
}

// The parameters of one permessage-deflate element, of an offer or an answer.
struct DeflateParameters {
    bool server_no_context_takeover = false;
    bool client_no_context_takeover = false;
    bool client_max_window_bits = false;
    std::optional<std::uint8_t> server_max_window_bits;
};

bool take_parameter(const WsExtensionParameter& parameter, DeflateParameters& read) {
    if (parameter.name == kServerNoContext || parameter.name == kClientNoContext) {
        bool& flag =
            parameter.name == kServerNoContext ? read.server_no_context_takeover : read.client_no_context_takeover;
        if (flag || parameter.value) return false;
        flag = true;
        return true;
    }
    if (parameter.name == kServerWindowBits) {
        if (read.server_max_window_bits || !parameter.value) return false;
        read.server_max_window_bits = window_bits(*parameter.value);
        return read.server_max_window_bits.has_value();
    }
    if (parameter.name == kClientWindowBits) {
        if (read.client_max_window_bits || (parameter.value && !window_bits(*parameter.value))) return false;
        read.client_max_window_bits = true;
        return true;
    }
    return false;
}

// Nothing where a parameter is unknown, repeated or ill-valued.
std::optional<DeflateParameters> read_parameters(const WsExtension& extension) {
    DeflateParameters read;
    for (const WsExtensionParameter& parameter : extension.parameters) {
        if (!take_parameter(parameter, read)) return std::nullopt;
    }
    return read;
}

}  // namespace

Result<std::vector<WsExtension>> parse_ws_extensions(std::string_view header) {
    std::vector<WsExtension> extensions;
    Cursor cursor(header);
    while (!cursor.at_end()) {
        if (cursor.take(',')) continue;  // RFC 7230 7: empty elements are let pass
        WsExtension extension;
        if (!take_extension(cursor, extension) || !(cursor.at_end() || cursor.take(','))) {
            return Error{"bad_extensions", "Sec-WebSocket-Extensions does not match RFC 6455 9.1."};
        }
        extensions.push_back(std::move(extension));
    }
    return extensions;
}

std::optional<WsDeflateAgreement> negotiate_ws_deflate(std::string_view offers, const WsDeflatePolicy& policy) {
    const Result<std::vector<WsExtension>> extensions = parse_ws_extensions(offers);
    if (!extensions) return std::nullopt;
    for (const WsExtension& extension : *extensions) {
        if (extension.name != kDeflate) continue;
        const std::optional<DeflateParameters> offer = read_parameters(extension);
        if (!offer) continue;
        if (offer->server_max_window_bits.value_or(15) < policy.server_window_bits_min) continue;
        WsDeflateAgreement agreement;
        agreement.server_no_context_takeover = offer->server_no_context_takeover || !policy.server_context_takeover;
        agreement.client_no_context_takeover = offer->client_no_context_takeover || !policy.client_context_takeover;
        agreement.server_max_window_bits = offer->server_max_window_bits;
        return agreement;
    }
    return std::nullopt;
}

std::string ws_deflate_answer(const WsDeflateAgreement& agreement) {
    std::string answer(kDeflate);
    if (agreement.server_no_context_takeover) answer.append("; ").append(kServerNoContext);
    if (agreement.client_no_context_takeover) answer.append("; ").append(kClientNoContext);
    if (agreement.server_max_window_bits) {
        answer.append("; ").append(kServerWindowBits).append("=");
        answer += std::to_string(*agreement.server_max_window_bits);
    }
    return answer;
}

std::string_view ws_deflate_offer() {
    return "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
}

Result<std::optional<WsDeflateAgreement>> read_ws_deflate_answer(std::string_view answer) {
    const Error unasked{"bad_extensions", "The server agreed to an extension that was not offered."};
    Result<std::vector<WsExtension>> extensions = parse_ws_extensions(answer);
    if (!extensions) return extensions.error();
    if (extensions->empty()) return std::optional<WsDeflateAgreement>();
    if (extensions->size() != 1 || extensions->front().name != kDeflate) return unasked;
    const std::optional<DeflateParameters> read = read_parameters(extensions->front());
    if (!read || read->client_max_window_bits) return unasked;
    return std::optional(WsDeflateAgreement{read->server_no_context_takeover, read->client_no_context_takeover,
                                            read->server_max_window_bits});
}

}  // namespace mythos::protocol
