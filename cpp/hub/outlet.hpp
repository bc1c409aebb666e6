// The way out of one connection, implemented by the transport and by the simulator.
//
// All calls are made on the thread of the connection's loop, from within a call of
// LoopCore. An outlet must stay valid until its owner has called LoopCore::gone.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "protocol/wire.hpp"
#include "stats/counters.hpp"

namespace mythos::hub {

// Names one connection within the process; never used twice.
using ConnectionKey = std::uint64_t;

// What a client asks for when it connects. Names were checked by the transport.
struct ConnectRequest {
    protocol::Wire wire = protocol::Wire::websocket;
    std::string player_id;
    std::string session_id;             // empty: none named
    std::string client_id;              // empty: a client of its own
    std::uint64_t attempt = 0;          // which of its client's tries this is; 0: not said
    std::optional<std::string> cursor;  // as given; already found readable
    protocol::Mode mode = protocol::Mode::mirror;
    bool deflate = false;  // permessage-deflate was agreed: shared deflated frames may be sent
    std::string remote;    // the peer's address, for people
    std::string trace_id;  // of the request, or empty
};

// Why a connection is not let in.
struct Refusal {
    // Refused before the upgrade with this status and an error body; otherwise a
    // WebSocket is upgraded and closed with `code`, and SSE is answered `sse_status`.
    bool before_upgrade = false;
    int status = 403;
    protocol::CloseCode code = protocol::CloseCode::policy;
    int sse_status = 204;
    stats::Rejection why = stats::Rejection::bad_request;  // as it is counted
    std::string error_code;
    std::string message;
    int retry_after_s = 0;  // 0: no Retry-After
    Seq visible_at = 0;     // tell it when this is committed: what it rests on may yet be undone by a crash
};

struct Admission {
    std::string connection_id;
    std::string session_id;
    std::string client_id;
    // Of this player beside this one, by wire; and of the whole server with it.
    std::array<std::size_t, 2> existing{};
    std::size_t connections = 0;
};

// One entry that was first written to one of its client's wires.
struct DeliveryReport {
    std::string message_id, message_type;
    std::size_t message_bytes = 0;  // of its frame on this wire
    Duration took;                  // from its append
    std::array<bool, 2> wires{};    // which of the client's wires have it by now
    // Connections of the player: all, and those that carry entries.
    std::size_t connections = 0, active_connections = 0;
    double sample_rate = 0;
};

class Outlet {
public:
    virtual ~Outlet() = default;

    // The hub has looked at the request, and tells in a moment what it decided. `existing`: connections that the player
    // had; `connection_id`: its name if it is let in, else empty.
    virtual void attempted(std::size_t, std::string_view) {}

    // Let in: send the 101 or the SSE response head. Writes follow.
    virtual void admitted(const Admission& admission) = 0;

    // Not let in. The key is unknown from here on; do not call `gone` for it.
    virtual void refused(const Refusal& refusal) = 0;

    // Takes as many bytes as fit without blocking. 0: none fit now; -1: the socket is dead.
    virtual std::int64_t write(const iovec* pieces, int count) = 0;

    // After a short write: call LoopCore::writable once when there is room again.
    virtual void await_writable() = 0;

    // Back-pressure on what the peer sends: while paused, read nothing.
    virtual void pause_reading(bool paused) = 0;

    // A delivery that was chosen to be told (Settings::message_sample).
    virtual void delivered(const DeliveryReport&) {}

    // Why this side closes it, just before the last bytes are written.
    virtual void closing(protocol::CloseCode, std::string_view) {}

    // The last bytes (close frame, `mythos.closed`) were written: close politely,
    // bounded in time, then call LoopCore::gone.
    virtual void finish() = 0;

    // Drop the socket at once, then call LoopCore::gone (not from within this call).
    virtual void abort() = 0;

    // How long ago the peer's kernel last acknowledged anything (TCP_INFO), and whether
    // all that was sent has been acknowledged; nullopt where it cannot be known.
    struct KernelAck {
        Duration age;
        bool all_acknowledged = false;
        Duration rtt{};  // as TCP has it; 0: not known
    };
    virtual std::optional<KernelAck> kernel_ack() const = 0;

    // Who it is, for people; valid until it ends. Empty where it was not let in.
    struct Names {
        std::string_view player_id, session_id, connection_id;
    };
    virtual Names names() const { return {}; }
};

}  // namespace mythos::hub
