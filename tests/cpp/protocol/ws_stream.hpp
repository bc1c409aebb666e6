// Builds WebSocket byte streams and receives them whole or cut, for the tests and the fuzz targets.
#pragma once

#include <cstddef>
#include <iomanip>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ws_frame.hpp"
#include "protocol/ws_message.hpp"

namespace mythos::protocol {

struct SeenWsEvent {
    WsEventKind kind;
    std::uint16_t code;
    std::string payload;
    friend bool operator==(const SeenWsEvent&, const SeenWsEvent&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const SeenWsEvent& event) {
    return out << "{kind " << static_cast<int>(event.kind) << ", code " << event.code << ", "
               << std::quoted(event.payload.substr(0, 80)) << " of " << event.payload.size() << "}";
}

inline std::string client_frame(WsOpcode opcode, std::string_view payload, bool fin = true, bool rsv1 = false) {
    std::string bytes;
    append_masked_ws_frame(bytes, opcode, payload, {0x37, 0xFA, 0x21, 0x3D}, rsv1, fin);
    return bytes;
}

inline std::string server_frame(WsOpcode opcode, std::string_view payload, bool fin = true, bool rsv1 = false) {
    std::string bytes;
    append_ws_frame(bytes, opcode, payload, rsv1, fin);
    return bytes;
}

inline void receive_chunk(WsReceiver& receiver, std::string chunk, std::vector<SeenWsEvent>& seen) {
    std::span<char> rest(chunk);
    for (WsEvent event = receiver.next(rest); event.kind != WsEventKind::need_more; event = receiver.next(rest)) {
        seen.push_back({event.kind, event.code, std::string(event.payload)});
    }
}

// `cuts` are ascending positions in `bytes`.
inline std::vector<SeenWsEvent> receive_cut(const WsReceiverConfig& config, WsInflateMode mode, std::string_view bytes,
                                            const std::vector<std::size_t>& cuts) {
    WsReceiver receiver(config, mode);
    std::vector<SeenWsEvent> seen;
    std::size_t begin = 0;
    for (std::size_t cut : cuts) {
        receive_chunk(receiver, std::string(bytes.substr(begin, cut - begin)), seen);
        begin = cut;
    }
    receive_chunk(receiver, std::string(bytes.substr(begin)), seen);
    return seen;
}

}  // namespace mythos::protocol
