#include "server/greeting.hpp"

#include "transport/address.hpp"

namespace mythos::server {

std::string greeting(std::string_view host, std::uint16_t port) {
    const bool everywhere = host == "0.0.0.0" || host == "::";
    const std::string at = transport::format_host_port(everywhere ? "127.0.0.1" : host, port);
    return "\nMythos listens on http://" + at + "/\n" + "  WebSocket     ws://" + at + "/ws/{player_id}\n" +
           "  event stream  http://" + at + "/sse/{player_id}\n\n" + "Try, the first in a terminal of its own:\n" +
           "  curl -N http://" + at + "/sse/ann\n" +
           "  curl -H 'Content-Type: application/json' -d "
           "'{\"player\":\"ann\",\"type\":\"chat.said\",\"data\":\"hello\"}' "
           "http://" +
           at + "/api/publish\n" + "  curl http://" + at + "/api/connections/ann\n\n";
}

}  // namespace mythos::server
