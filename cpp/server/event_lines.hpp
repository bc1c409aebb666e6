// Log lines of what the sequencer decides (hub/hub_event.hpp). Any thread.
#pragma once

#include "hub/hub_event.hpp"
#include "observe/log.hpp"

namespace mythos::server {

void log_event(observe::Log& log, const hub::HubEvent& event);

}  // namespace mythos::server
