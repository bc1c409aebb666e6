#include "transport/http_message.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace mythos::transport {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool has_no_body(int status) { return status == 204 || status == 304 || status < 200; }

}  // namespace

bool equals_in_any_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view HttpRequest::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (equals_in_any_case(key, name)) return value;
    }
    return {};
}

std::size_t HttpRequest::count_header(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(
        headers.begin(), headers.end(), [&](const auto& header) { return equals_in_any_case(header.first, name); }));
}

std::string HttpRequest::joined_header(std::string_view name) const {
    std::string joined;
    for (const auto& [key, value] : headers) {
        if (!equals_in_any_case(key, name)) continue;
        if (!joined.empty()) joined += ", ";
        joined += value;
    }
    return joined;
}

std::string_view HttpRequest::path() const {
    const std::string_view path = target.substr(0, target.find('?'));
    return path.empty() ? "/" : path;
}

std::string_view HttpRequest::query() const {
    const std::size_t mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

KeptRequest::KeptRequest(HttpRequest request) : request_(std::move(request)) {
    std::vector<std::string_view*> views{&request_.method, &request_.target};
    for (auto& [name, value] : request_.headers) {
        views.push_back(&name);
        views.push_back(&value);
    }
    std::vector<std::size_t> places;
    for (const std::string_view* view : views) {
        places.push_back(bytes_.size());
        bytes_.append(*view);
    }
    for (std::size_t i = 0; i < views.size(); ++i)
        *views[i] = std::string_view(bytes_).substr(places[i], views[i]->size());
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Unknown";
    }
}

std::string http_date(WallTime now) {
    const auto seconds = static_cast<std::time_t>(now.ns / 1'000'000'000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 40> text;
    const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text.data(), size};
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    for (char c : value) {
        if (c != '\r' && c != '\n' && c != '\0') out.push_back(c);
    }
    out += "\r\n";
}

void append_response(std::string& out, const HttpResponse& response, bool keep_alive, bool head_only, WallTime now) {
    out.append("HTTP/1.1 ").append(std::to_string(response.status)).push_back(' ');
    out.append(reason_phrase(response.status)).append("\r\n");
    append_header(out, "Date", http_date(now));
    if (!has_no_body(response.status)) {
        append_header(out, "Content-Type", response.content_type);
        append_header(out, "Content-Length", std::to_string(response.body.size()));
        append_header(out, "X-Content-Type-Options", "nosniff");
    }
    const auto named = [](const auto& header) { return equals_in_any_case(header.first, "Cache-Control"); };
    if (std::ranges::none_of(response.headers, named)) append_header(out, "Cache-Control", "no-store");
    for (const auto& [name, value] : response.headers) append_header(out, name, value);
    append_header(out, "Connection", keep_alive && !response.close ? "keep-alive" : "close");
    out += "\r\n";
    if (!has_no_body(response.status) && !head_only) out += response.body;
}

}  // namespace mythos::transport
