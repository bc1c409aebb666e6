#include "transport/http_parser.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace mythos::transport {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

HttpParse verdict(const boost::beast::error_code& error) {
    if (error == http::error::header_limit) return HttpParse::head_too_big;
    if (error == http::error::body_limit || error == http::error::buffer_overflow) return HttpParse::body_too_big;
    return HttpParse::malformed;
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// The authority of a target in absolute form, which is taken from its front; empty where it has another form.
std::string_view take_authority(std::string_view& target) {
    const std::size_t scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return {};
    const std::string_view scheme = target.substr(0, scheme_end);
    if (!equals_in_any_case(scheme, "http") && !equals_in_any_case(scheme, "https")) return {};
    std::string_view rest = target.substr(scheme_end + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
    if (authority.empty()) return {};
    target = rest.substr(authority.size());
    return authority;
}

}  // namespace

struct HttpParser::State {
    http::request_parser<http::string_body> parser;
    bool head_told = false;
};

HttpParser::HttpParser(std::size_t head_bytes_max) : state_(std::make_unique<State>()) {
    state_->parser.header_limit(static_cast<std::uint32_t>(head_bytes_max));
    state_->parser.body_limit(boost::none);  // judged after the head, by its route
}

HttpParser::~HttpParser() = default;

HttpParse HttpParser::feed(std::string_view& bytes) {
    auto& parser = state_->parser;
    while (!parser.is_header_done() || (state_->head_told && !parser.is_done())) {
        boost::beast::error_code error;
        const std::size_t used = parser.put(asio::buffer(bytes.data(), bytes.size()), error);
        bytes.remove_prefix(used);
        if (error == http::error::need_more) return HttpParse::need_more;
        if (error) return verdict(error);
        if (used == 0 && bytes.empty() && !parser.is_done()) return HttpParse::need_more;
    }
    if (state_->head_told) return HttpParse::done;
    state_->head_told = true;
    // Beast takes a request in another coding for one without a body, which would make a next request of its body.
    const bool other_coding = parser.get().count(http::field::transfer_encoding) != 0 && !parser.chunked();
    return other_coding ? HttpParse::not_implemented : HttpParse::head;
}

bool HttpParser::accept_body(std::size_t bytes_max) {
    auto& parser = state_->parser;
    parser.body_limit(bytes_max);
    parser.eager(true);
    return parser.content_length().value_or(0) <= bytes_max;
}

bool HttpParser::expects_continue() const {
    const auto& message = state_->parser.get();
    return message.version() == 11 && boost::beast::iequals(message[http::field::expect], "100-continue");
}

bool HttpParser::has_body() const {
    return state_->parser.chunked() || state_->parser.content_length().value_or(0) > 0;
}

HttpRequest HttpParser::request() const {
    const auto& message = state_->parser.get();
    HttpRequest request;
    request.method = view(message.method_string());
    request.target = view(message.target());
    for (const auto& field : message) request.headers.emplace_back(view(field.name_string()), view(field.value()));
    if (const std::string_view authority = take_authority(request.target); !authority.empty()) {
        for (auto& [name, value] : request.headers) {
            if (equals_in_any_case(name, "Host")) value = authority;
        }
    }
    request.keep_alive = message.keep_alive();
    request.http_1_1 = message.version() == 11;
    return request;
}

HttpRequest HttpParser::take() {
    HttpRequest taken = request();
    taken.body = std::move(state_->parser.get().body());
    return taken;
}

}  // namespace mythos::transport
