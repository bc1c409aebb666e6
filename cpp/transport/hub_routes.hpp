// The routes that LoopCore answers: what a request has to look like before the hub is asked, and whom to ask.
//
// Thread-safety: the loop's own thread.
#pragma once

#include <string>

#include "base/result.hpp"
#include "hub/loop_core.hpp"
#include "transport/http_message.hpp"
#include "transport/http_router.hpp"

namespace mythos::transport {

// Hands the request to the hub, which calls `answer` once. `player_id` is the player that asks; empty: nobody knows
// who it is, or it is the application. An error (400) says what is wrong with it; `answer` is
// then dropped: `bad_request`, `bad_name`, `bad_channel`, `bad_cursor`, `bad_idempotency_key`, `bad_json`. Bodies that
// mean something are the hub's to check.
Result<void> ask_hub(hub::LoopCore& core, RouteMatch match, HttpRequest request, const std::string& player_id,
                     MonoTime now, hub::AnswerTo answer);

}  // namespace mythos::transport
