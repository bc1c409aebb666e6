#include "transport/echo.hpp"

#include "protocol/ws_close.hpp"
#include "protocol/ws_handshake.hpp"
#include "transport/lingering_socket.hpp"

namespace mythos::transport {

using protocol::WsEventKind;
using protocol::WsOpcode;

namespace {

constexpr int kReadsARound = 8;  // then others have their turn
// Echoes are gathered into one write up to here.
constexpr std::size_t kGatheredBytesMax = 256 * 1024;

protocol::WsInflateMode inflate_mode(const std::optional<protocol::WsDeflateAgreement>& agreement) {
    if (!agreement) return protocol::WsInflateMode::off;
    return agreement->client_no_context_takeover ? protocol::WsInflateMode::each_alone
                                                 : protocol::WsInflateMode::context;
}

std::string switching_head(std::string_view key, const std::optional<protocol::WsDeflateAgreement>& agreement) {
    std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    append_header(head, "Sec-WebSocket-Accept", protocol::ws_accept(key));
    if (agreement) append_header(head, "Sec-WebSocket-Extensions", protocol::ws_deflate_answer(*agreement));
    return head += "\r\n";
}

HttpResponse plain(int status, std::string_view text) {
    HttpResponse response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::string(text) + "\n";
    return response;
}

}  // namespace

EchoApplication::EchoApplication(EventLoop& loop) : loop_(loop) {
    receiver_config_.message_bytes_max = kMessageBytesMax;
    receiver_config_.scratch = &scratch_;
}

HttpResponse EchoApplication::refuse(int status) { return plain(status, reason_phrase(status)); }

void EchoApplication::request(HttpConnection& connection, HttpRequest request) {
    const std::string upgrade = request.joined_header("Upgrade");
    const std::string connection_header = request.joined_header("Connection");
    const auto checked =
        protocol::check_ws_upgrade({request.method, upgrade, connection_header, request.header("Sec-WebSocket-Version"),
                                    request.header("Sec-WebSocket-Key")});
    if (!checked) {
        const bool bad_version = checked.error().code == "bad_version";
        HttpResponse response = plain(bad_version ? 426 : 400, checked.error().message);
        if (bad_version) response.headers.emplace_back("Sec-WebSocket-Version", "13");
        return connection.answer(std::move(response));
    }
    const auto agreement = protocol::negotiate_ws_deflate(request.joined_header("Sec-WebSocket-Extensions"),
                                                          protocol::WsDeflatePolicy::any());
    std::string head = switching_head(request.header("Sec-WebSocket-Key"), agreement);
    auto owned =
        std::make_unique<EchoConnection>(loop_, connection.take_over(), receiver_config_, agreement, std::move(head));
    EchoConnection& echo = *owned;
    if (loop_.adopt_inherited(std::move(owned))) loop_.defer(echo);
}

EchoConnection::EchoConnection(EventLoop& loop, HttpConnection::Taken taken, const protocol::WsReceiverConfig& config,
                               const std::optional<protocol::WsDeflateAgreement>& agreement, std::string head)
    : Watcher(loop, std::move(taken.socket)),
      receiver_(config, inflate_mode(agreement)),
      unread_(std::move(taken.unread)),
      out_(std::move(head)) {
    if (!agreement) return;
    deflater_ = std::make_unique<protocol::WsDeflater>(
        agreement->server_max_window_bits.value_or(protocol::kWsWindowBitsMax), !agreement->server_no_context_takeover);
}

void EchoConnection::ready(std::uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return loop_.retire(*this);
    pump();
}

// Writes what waits, then reads; stops when an echo does not fit.
void EchoConnection::pump() {
    for (int reads = 0; reads < kReadsARound; ++reads) {
        if (!flush()) return;
        if (closing_) return linger();
        if (!unread_.empty()) {
            std::string unread = std::exchange(unread_, {});
            take_events(unread);
            continue;
        }
        const std::int64_t count = read_some(socket_, loop_.read_buffer());
        if (count < 0) return loop_.retire(*this);
        if (count == 0) return;
        take_events(loop_.read_buffer().first(static_cast<std::size_t>(count)));
    }
    loop_.defer(*this);
}

void EchoConnection::take_events(std::span<char> chunk) {
    while (out_.size() < kGatheredBytesMax && react(receiver_.next(chunk))) {}
    unread_.assign(chunk.begin(), chunk.end());
}

// False: the chunk is used up.
bool EchoConnection::react(const protocol::WsEvent& event) {
    switch (event.kind) {
        case WsEventKind::need_more:
            return false;
        case WsEventKind::text:
            echo(WsOpcode::text, event.payload);
            return true;
        case WsEventKind::binary:
            echo(WsOpcode::binary, event.payload);
            return true;
        case WsEventKind::ping:
            protocol::append_ws_frame(out_, WsOpcode::pong, event.payload);
            return true;
        case WsEventKind::pong:
            return true;
        case WsEventKind::close: {
            const bool empty = event.code == protocol::kWsNoStatus;
            if (empty)
                protocol::append_ws_frame(out_, WsOpcode::close, {});
            else
                protocol::append_ws_close_frame(out_, event.code, event.payload);
            closing_ = true;
            return true;
        }
        case WsEventKind::failed:
            protocol::append_ws_close_frame(out_, event.code, event.payload);
            closing_ = true;
            return true;
    }
    return false;
}

void EchoConnection::echo(WsOpcode opcode, std::string_view payload) {
    if (deflater_ == nullptr) return protocol::append_ws_frame(out_, opcode, payload);
    std::string deflated;
    deflater_->deflate(payload, deflated);
    protocol::append_ws_frame(out_, opcode, deflated, true);
}

// False: the rest waits for room, or the socket is dead.
bool EchoConnection::flush() {
    if (out_.empty()) return true;
    const std::int64_t taken = write_some(socket_, std::string_view(out_).substr(out_sent_));
    if (taken < 0) {
        loop_.retire(*this);
        return false;
    }
    out_sent_ += static_cast<std::size_t>(taken);
    if (out_sent_ < out_.size()) return false;
    // A large echo's memory is given back; that of small ones is used again.
    if (out_.capacity() > kGatheredBytesMax) out_ = {};
    out_.clear();
    out_sent_ = 0;
    return true;
}

void EchoConnection::linger() {
    Socket socket = std::move(socket_);
    loop_.retire(*this);
    LingeringSocket::begin(loop_, std::move(socket));
}

}  // namespace mythos::transport
