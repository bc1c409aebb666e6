// The echo behind `mythos-echo`: every path upgrades, and every message comes back as it was, text or binary.
// For conformance suites: it runs on the same codec and transport as the server, and on no hub.
//
// While an echo does not fit into the socket, nothing more is read. Thread-safety: one echo a loop, on its thread.
#pragma once

#include <memory>
#include <string>

#include "protocol/ws_extension.hpp"
#include "protocol/ws_message.hpp"
#include "transport/event_loop.hpp"
#include "transport/http_connection.hpp"

namespace mythos::transport {

class EchoApplication final : public HttpApplication {
public:
    explicit EchoApplication(EventLoop& loop);

    Verdict head(const HttpConnection&, const HttpRequest&) override { return {}; }
    void request(HttpConnection& connection, HttpRequest request) override;
    HttpResponse refuse(int status) override;

    static constexpr std::size_t kMessageBytesMax = std::size_t{16} << 20;

private:
    EventLoop& loop_;
    protocol::WsInflateScratch scratch_;
    protocol::WsReceiverConfig receiver_config_;
};

class EchoConnection final : public Watcher {
public:
    EchoConnection(EventLoop& loop, HttpConnection::Taken taken, const protocol::WsReceiverConfig& config,
                   const std::optional<protocol::WsDeflateAgreement>& agreement, std::string head);

    void ready(std::uint32_t events) override;
    void resume() override { pump(); }

private:
    void pump();
    void take_events(std::span<char> chunk);
    bool react(const protocol::WsEvent& event);
    void echo(protocol::WsOpcode opcode, std::string_view payload);
    bool flush();
    void linger();

    protocol::WsReceiver receiver_;
    std::unique_ptr<protocol::WsDeflater> deflater_;
    std::string unread_;  // received, but not looked at while an echo waits for room
    std::string out_;
    std::size_t out_sent_ = 0;
    bool closing_ = false;
};

}  // namespace mythos::transport
