// What a connection brings with it, kept only until its welcome is sent: the wait for
// the commit of its session's opening may be long with a durable journal.
#pragma once

#include <optional>
#include <string>

#include "hub/hub.hpp"

namespace mythos::hub {

struct Entrance {
    ConnectRequest request;
    Admitted admitted;
    bool decided = false;    // the sequencer let it in; `admitted` is set
    bool abandoned = false;  // the socket went before the welcome
    // Told to close before the welcome was sent.
    std::optional<protocol::CloseCode> close;
    std::string close_reason;
};

}  // namespace mythos::hub
