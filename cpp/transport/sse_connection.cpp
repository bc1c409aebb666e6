#include "transport/sse_connection.hpp"

#include "base/limits.hpp"

namespace mythos::transport {

std::string SseConnection::stream_head(const HttpHeaders& cors, WallTime now) {
    std::string head = "HTTP/1.1 200 OK\r\n";
    append_header(head, "Date", http_date(now));
    append_header(head, "Content-Type", "text/event-stream");
    append_header(head, "Cache-Control", "no-cache, no-transform");
    append_header(head, "X-Accel-Buffering", "no");
    append_header(head, "X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : cors) append_header(head, name, value);
    append_header(head, "Connection", "close");
    return head += "\r\n";
}

void SseConnection::open(StreamContext& context, HttpConnection::Taken taken, hub::ConnectRequest request,
                         Opening opening) {
    enter(std::make_unique<SseConnection>(context, std::move(taken), std::move(opening)), std::move(request));
}

SseConnection::SseConnection(StreamContext& context, HttpConnection::Taken taken, Opening opening)
    : StreamConnection(context, std::move(taken), std::move(opening)) {}

void SseConnection::take(std::span<char> bytes) {
    ignored_bytes_ += static_cast<std::uint32_t>(bytes.size());
    if (ignored_bytes_ > kStreamInputBytesMax) lose();
}

std::string SseConnection::refusal_answer(const hub::Refusal& refusal, const Opening& opening) const {
    const int status = refusal.before_upgrade ? refusal.status : refusal.sse_status;
    const WallTime now = loop_.clock().wall();
    std::string answer;
    append_response(answer, refusal_response(refusal, status, opening.cors, now), false, false, now);
    return answer;
}

}  // namespace mythos::transport
