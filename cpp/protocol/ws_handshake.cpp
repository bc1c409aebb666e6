#include "protocol/ws_handshake.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cassert>

namespace mythos::protocol {
namespace {

constexpr std::string_view kAcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_in_any_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The next non-empty element of a comma-separated list; empty at the list's end.
std::string_view take_element(std::string_view& list) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view element = trimmed(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        if (!element.empty()) return element;
    }
    return {};
}

bool is_base64(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

std::string base64(const unsigned char* bytes, std::size_t size) {
    std::string text((size + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock writes a NUL at the end
    const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
    text.resize(static_cast<std::size_t>(written));
    return text;
}

}  // namespace

bool list_has_token(std::string_view header, std::string_view token) {
    for (std::string_view element = take_element(header); !element.empty(); element = take_element(header)) {
        if (equal_in_any_case(element, token)) return true;
    }
    return false;
}

bool is_ws_upgrade(const WsUpgradeHeaders& headers) {
    return list_has_token(headers.upgrade, "websocket") && list_has_token(headers.connection, "upgrade");
}

Result<void> check_ws_upgrade(const WsUpgradeHeaders& headers) {
    if (!is_ws_upgrade(headers)) {
        return Error{"not_an_upgrade",
                     "This address speaks WebSocket: send 'Connection: Upgrade, Upgrade: websocket'."};
    }
    if (headers.method != "GET") return Error{"bad_method", "A WebSocket is opened with GET."};
    if (trimmed(headers.version) != "13") return Error{"bad_version", "Only WebSocket version 13 is spoken here."};
    if (!is_valid_ws_key(trimmed(headers.key))) {
        return Error{"bad_key", "Sec-WebSocket-Key must be 16 bytes in base64."};
    }
    return {};
}

bool is_valid_ws_key(std::string_view key) {
    return key.size() == 24 && key.substr(22) == "==" && std::all_of(key.begin(), key.begin() + 22, is_base64);
}

std::string ws_accept(std::string_view key) {
    std::string input(trimmed(key));
    input += kAcceptGuid;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int size = 0;
    [[maybe_unused]] const int ok = EVP_Digest(input.data(), input.size(), digest.data(), &size, EVP_sha1(), nullptr);
    assert(ok == 1 && size == 20);
    return base64(digest.data(), size);
}

std::string make_ws_key(const std::array<std::uint8_t, 16>& random) { return base64(random.data(), random.size()); }

Result<void> check_ws_answer(std::string_view key, std::string_view upgrade, std::string_view connection,
                             std::string_view accept) {
    if (!equal_in_any_case(trimmed(upgrade), "websocket") || !list_has_token(connection, "upgrade")) {
        return Error{"not_an_upgrade", "The server did not upgrade to a WebSocket."};
    }
    if (trimmed(accept) != ws_accept(key)) {
        return Error{"bad_accept", "The server's Sec-WebSocket-Accept does not answer our key."};
    }
    return {};
}

WsSubprotocols read_ws_subprotocols(std::string_view header) {
    WsSubprotocols read;
    for (std::string_view element = take_element(header); !element.empty(); element = take_element(header)) {
        if (!read.bearer && !read.offered.empty() && read.offered.back() == "bearer") read.bearer = element;
        if (element == kMythosSubprotocol) read.mythos_v1 = true;
        read.offered.push_back(element);
    }
    return read;
}

}  // namespace mythos::protocol
