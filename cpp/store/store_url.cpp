#include "store/store_url.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace mythos::store {

namespace {

constexpr std::string_view kSqlite = "sqlite:///";

// What is asked of libpq unless the URL says otherwise, so that a peer that has vanished is noticed. Seconds; the user
// timeout is in milliseconds.
constexpr std::pair<std::string_view, std::string_view> kDefaults[] = {
    {"connect_timeout", "5"},    {"keepalives_idle", "10"},     {"keepalives_interval", "5"},
    {"keepalives_count", "3"},   {"tcp_user_timeout", "15000"}, {"application_name", "mythos"},
    {"client_encoding", "UTF8"},
};

Error bad_url(std::string_view why) {
    return {"bad_store_url", std::string(why) + ": write " + std::string(kStoreUrlForms)};
}

bool is_postgresql(std::string_view url) { return url.starts_with("postgresql://") || url.starts_with("postgres://"); }

void append_parameter(std::string& out, std::string_view name, std::string_view value) {
    if (!out.empty()) out += ' ';
    out.append(name).append("='");
    for (const char c : value) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    out += '\'';
}

Result<StoreUrl> parse_postgresql(std::string_view url) {
    char* complaint = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(std::string(url).c_str(), &complaint), &PQconninfoFree);
    if (complaint != nullptr) PQfreemem(complaint);  // it may repeat a password
    if (options == nullptr) return bad_url("the address cannot be read");
    StoreUrl out;
    out.kind = StoreUrl::Kind::postgresql;
    out.shown = shown_store_url(url);
    std::vector<std::string_view> given;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        append_parameter(out.connection, option->keyword, option->val);
        given.emplace_back(option->keyword);
    }
    for (const auto& [name, value] : kDefaults)
        if (std::find(given.begin(), given.end(), name) == given.end()) append_parameter(out.connection, name, value);
    return out;
}

}  // namespace

Result<StoreUrl> parse_store_url(std::string_view url) {
    if (url.empty() || url == "none") return StoreUrl{};
    if (is_postgresql(url)) return parse_postgresql(url);
    if (!url.starts_with("sqlite:")) return bad_url("this is no database that is known");
    if (!url.starts_with(kSqlite) || url.size() == kSqlite.size()) return bad_url("a file is missing");
    StoreUrl out;
    out.kind = StoreUrl::Kind::sqlite;
    out.file = url.substr(kSqlite.size());
    // Each would be understood by somebody between here and the file.
    if (out.file.find_first_of("\"'?#\n") != std::string::npos || out.file == ":memory:")
        return bad_url("the file's name may have no quotes, no ? and no #, and be no :memory:");
    out.shown = url;
    return out;
}

std::string shown_store_url(std::string_view url) {
    if (url.empty() || url == "none" || url == "auto") return std::string(url);
    const auto scheme = url.find("://");
    if (url.starts_with("sqlite:") || scheme == url.npos) return std::string(url.starts_with("sqlite:") ? url : "...");
    std::string_view rest = url.substr(scheme + 3);
    std::string out(url.substr(0, scheme + 3));
    // What stands before the last @ may be a password with any character in it.
    if (const auto at = rest.rfind('@'); at != rest.npos) {
        out.append(rest.substr(0, std::min(at, rest.find(':')))).append("@");
        rest.remove_prefix(at + 1);
    }
    return out.append(rest.substr(0, rest.find_first_of("?#")));
}

}  // namespace mythos::store
