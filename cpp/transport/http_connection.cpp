#include "transport/http_connection.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "transport/lingering_socket.hpp"

namespace mythos::transport {
namespace {

// Heads, requests and reads a round; then others have their turn.
constexpr int kStepsARound = 256;

int status_of(HttpParse fault) {
    switch (fault) {
        case HttpParse::body_too_big:
            return 413;
        case HttpParse::not_implemented:
            return 501;
        case HttpParse::malformed:
            return 400;
        default:
            return 431;
    }
}

}  // namespace

void HttpConnections::open(Socket socket) {
    const std::uint64_t id = ++last_id_;
    auto owned = std::make_unique<HttpConnection>(loop_, *this, std::move(socket), id);
    HttpConnection& connection = *owned;
    if (!loop_.adopt_newcomer(std::move(owned))) return;
    loop_.set_deadline(connection, loop_.now() + limits_.request_timeout);
}

void HttpConnections::answer(std::uint64_t id, HttpResponse response) {
    const auto found = open_.find(id);
    if (found != open_.end()) found->second->answer(std::move(response));
}

HttpConnection* HttpConnections::find_handling(std::uint64_t id) const {
    const auto found = open_.find(id);
    const bool handling = found != open_.end() && found->second->state_ == HttpConnection::State::handling;
    return handling ? found->second : nullptr;
}

std::size_t HttpConnections::silent() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(open_, [](const auto& each) { return !each.second->was_used_; }));
}

void HttpConnections::close_idle() {
    std::vector<HttpConnection*> idle;
    for (const auto& [id, connection] : open_) {
        if (connection->is_idle()) idle.push_back(connection);
    }
    for (HttpConnection* connection : idle) connection->hang_up();
}

void HttpConnections::close_all_when_idle() {
    closing_ = true;
    close_idle();
}

HttpConnection::HttpConnection(EventLoop& loop, HttpConnections& all, Socket socket, std::uint64_t id)
    : Watcher(loop, std::move(socket)), all_(all), id_(id) {
    all_.open_.emplace(id, this);
}

void HttpConnection::hang_up() {
    state_ = State::gone;
    all_.open_.erase(id_);
    loop_.retire(*this);
}

HttpConnection::Taken HttpConnection::take_over() {
    Taken taken{std::move(socket_), std::move(in_)};
    hang_up();
    return taken;
}

void HttpConnection::ready(std::uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return hang_up();
    if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) drained_ = false;
    if (state_ == State::writing && (events & EPOLLOUT) != 0) flush();
    pump();
}

// Reads and parses until a request is being handled, an answer waits for room, or nothing is left.
void HttpConnection::pump() {
    for (int steps = 0; state_ == State::reading; ++steps) {
        if (steps == kStepsARound) return loop_.defer(*this);
        if (!parse()) continue;
        if (drained_ || state_ != State::reading || !read_once()) return;
    }
}

bool HttpConnection::read_once() {
    const std::span<char> buffer = loop_.read_buffer();
    const std::int64_t count = read_some(socket_, buffer);
    if (count < 0) hang_up();
    if (count <= 0) return false;
    const bool begins = in_.empty() && parser_ == nullptr;
    if (begins) loop_.set_deadline(*this, loop_.now() + all_.limits().request_timeout);
    was_used_ = true;
    drained_ = static_cast<std::size_t>(count) < buffer.size();  // what comes now is told by a new edge
    in_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
}

// True: it takes more bytes to go on.
bool HttpConnection::parse() {
    if (parser_ == nullptr) {
        // Empty lines before a request line are passed over (RFC 9112 2.2).
        in_.erase(0, in_.find_first_not_of("\r\n"));
        if (in_.empty()) return true;
        parser_ = std::make_unique<HttpParser>(all_.limits().head_bytes_max);
    }
    std::string_view bytes = in_;
    const HttpParse result = parser_->feed(bytes);
    in_.erase(0, in_.size() - bytes.size());
    if (result == HttpParse::need_more && in_.size() <= kPipelinedBytesMax) return true;
    if (result == HttpParse::head)
        on_head();
    else if (result == HttpParse::done)
        on_request();
    else
        fail(status_of(result));
    return false;
}

void HttpConnection::on_head() {
    asked_at_ = loop_.clock().mono();
    label_ = kNoLabel;
    const HttpRequest request = parser_->request();
    keep_alive_ = request.keep_alive;
    head_only_ = request.method == "HEAD";
    const auto verdict = all_.application_.head(*this, request);
    if (verdict.answer) {
        unread_body_ = parser_->has_body();
        state_ = State::handling;
        return answer(*verdict.answer);
    }
    if (!parser_->accept_body(verdict.body_bytes_max)) return fail(413);
    if (parser_->expects_continue() && in_.empty() && parser_->has_body()) {
        if (write_some(socket_, "HTTP/1.1 100 Continue\r\n\r\n") < 0) return hang_up();
    }
}

void HttpConnection::on_request() {
    state_ = State::handling;
    asked_at_ = loop_.clock().mono();
    loop_.clear_deadline(*this);
    // The request's views point into the parser, which an answer from within must not destroy.
    const std::unique_ptr<HttpParser> parser = std::move(parser_);
    all_.application_.request(*this, parser->take());
}

void HttpConnection::fail(int status) {
    keep_alive_ = false;
    head_only_ = false;
    unread_body_ = true;
    state_ = State::handling;
    send(all_.application_.refuse(status));
}

std::function<void(HttpResponse)> HttpConnection::answer_later() {
    return [&all = all_, id = id_](HttpResponse response) { all.answer(id, std::move(response)); };
}

std::function<HttpConnection*()> HttpConnection::still_handling() {
    return [&all = all_, id = id_] { return all.find_handling(id); };
}

void HttpConnection::answer(HttpResponse response) {
    if (state_ != State::handling) return;
    all_.application_.answered(label_, head_only_, loop_.clock().mono() - asked_at_);
    send(response);
}

void HttpConnection::send(const HttpResponse& response) {
    if (response.close || unread_body_ || all_.closing()) keep_alive_ = false;
    append_response(out_, response, keep_alive_, head_only_, loop_.clock().wall());
    parser_.reset();
    state_ = State::writing;
    loop_.set_deadline(*this, loop_.now() + all_.limits().request_timeout);
    flush();
}

void HttpConnection::flush() {
    const std::int64_t taken = write_some(socket_, std::string_view(out_).substr(out_sent_));
    if (taken < 0) return hang_up();
    out_sent_ += static_cast<std::size_t>(taken);
    if (out_sent_ < out_.size()) return;
    out_ = {};
    out_sent_ = 0;
    after_answer();
}

void HttpConnection::after_answer() {
    if (!keep_alive_) {
        Taken taken = take_over();
        return LingeringSocket::begin(loop_, std::move(taken.socket));
    }
    loop_.settle(*this);
    state_ = State::reading;
    const bool more = !in_.empty();
    const HttpLimits& limits = all_.limits();
    loop_.set_deadline(*this, loop_.now() + (more ? limits.request_timeout : limits.keep_alive_timeout));
    // Not from here: an answer may come from within a turn.
    if (more || !drained_) loop_.defer(*this);
}

void HttpConnection::expired() {
    if (state_ == State::reading && (parser_ != nullptr || !in_.empty())) return fail(408);
    if (!was_used_) all_.application_.silent();
    hang_up();
}

}  // namespace mythos::transport
