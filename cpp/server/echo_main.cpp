// mythos-echo: a WebSocket echo on Mythos' codec and transport, for conformance suites.
#include <iostream>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "transport/acceptor.hpp"
#include "transport/address.hpp"
#include "transport/echo.hpp"
#include "transport/event_loop.hpp"
#include "transport/http_connection.hpp"

namespace {

using namespace mythos;

constexpr std::string_view kUsage =
    "usage: mythos-echo [--listen HOST:PORT]\n"
    "Sends every WebSocket message back, on every path. Port 0 takes a free one; the first line tells it.\n";

std::string address_from(int argc, char** argv) {
    if (argc == 1) return "127.0.0.1:0";
    const std::string_view option = argv[1];
    if (argc == 3 && option == "--listen") return argv[2];
    if (argc == 2 && option.starts_with("--listen=")) return std::string(option.substr(9));
    return {};
}

[[noreturn]] void serve(transport::Socket listener) {
    SystemClock clock;
    transport::EventLoop loop(clock);
    transport::EchoApplication echo(loop);
    transport::HttpConnections http(loop, echo, {});
    transport::Acceptor::begin(
        loop, std::move(listener), [&](transport::Socket socket) { http.open(std::move(socket)); }, [] {});
    for (;;) {
        loop.run_round(loop.now() + seconds(3600));
        loop.bury();
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string text = address_from(argc, argv);
    const auto address = transport::parse_host_port(text);
    if (!address) {
        std::cerr << kUsage;
        return 2;
    }
    transport::ListenOptions options;
    options.host = address->host;
    options.port = address->port;
    auto listener = transport::listen_tcp(options);
    if (!listener) {
        std::cerr << "mythos-echo: " << text << ": " << listener.error().message << "\n";
        return 1;
    }
    std::cout << "listening on " << transport::format_host_port(address->host, transport::local_port(*listener))
              << std::endl;
    serve(std::move(*listener));
}
