// Which wire has to be promoted (rewound to the client's own cursor), and when to ask
// again: when no healthy wire carries the stream on from the applied cursor, the best
// of those that live is asked; one whose hold overflowed is asked in any case.
// Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "protocol/client_config.hpp"
#include "protocol/client_wires.hpp"

namespace mythos::protocol {

// A wire as promotion sees it.
struct WireView {
    bool live = false;
    bool healthy = false;
    bool carries = false;  // covers, or waits for the gap after which it will
    bool overflowed = false;
};

class Promotion {
public:
    explicit Promotion(const ClientConfig& config) : config_(config) {}

    enum class Step : std::uint8_t { wait, ask, give_up };
    struct Decision {
        Wire wire = Wire::websocket;
        Step step = Step::wait;
    };

    // Forgets requests that are no longer wanted, then decides.
    Decision decide(MonoTime now, const std::array<WireView, 2>& wires);

    // Whether the answer to a request is still to come.
    bool awaits(Wire wire) const { return requests_[index_of(wire)].sent.has_value(); }
    void asked(Wire wire, MonoTime now);
    void could_not_ask(Wire wire) { request(wire).sent.reset(); }
    void reset(Wire wire) { request(wire) = {}; }
    std::optional<MonoTime> deadline() const;

private:
    struct Request {
        std::optional<MonoTime> sent;
        int tries = 0;
    };
    Request& request(Wire wire) { return requests_[index_of(wire)]; }

    const ClientConfig& config_;
    std::array<Request, 2> requests_;
};

// The `promote` message: makes the wire of that connection active, rewound to `cursor`.
std::string promote_text(std::string_view connection_id, const Cursor& cursor);

// The wire that should be promoted, whatever was already asked.
std::optional<Wire> promotion_wanted(const std::array<WireView, 2>& wires);

}  // namespace mythos::protocol
