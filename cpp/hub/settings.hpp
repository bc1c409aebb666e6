// What of the configuration the hub acts on; a plain copy, so that this floor
// knows nothing of files and flags. Units are in the names or the types.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace mythos::hub {

enum class SlowReader : std::uint8_t { disconnect, gap, conflate };
enum class LimitPolicy : std::uint8_t { displace, refuse };

// So many commands and HTTP requests at once, and as many again over the window.
struct RateLimit {
    std::size_t requests = 0;  // 0: any number
    Duration window = seconds(60);
};

struct Settings {
    std::size_t connections_max = 19'000;
    std::size_t connections_per_player = 4;
    LimitPolicy limit_policy = LimitPolicy::displace;
    std::size_t sessions_max = 1'000'000;
    std::size_t channels_per_session = 1'024;
    std::size_t commands_outstanding = 128;
    std::size_t handler_calls_max = 16'384;  // commands at the application, waiting or running
    std::size_t command_outcomes = 256;      // kept a client for repeats
    std::size_t batch_max = 10'000;          // messages of one publish
    bool players_may_publish = true;         // by the command, whatever it says and to whom
    Duration grace = seconds(30);
    Duration idle_timeout = seconds(180);
    Duration heartbeat = seconds(15);
    double heartbeat_jitter = 0.1;  // of the heartbeat, either way
    SlowReader slow_reader = SlowReader::disconnect;
    std::size_t replaced_max = 65'536;  // replaced session ids remembered, a day at most
    Duration turn_budget = microseconds(2'000);
    std::size_t catch_up_bytes = 256 * 1024;  // a connection and turn
    std::size_t deflate_min_bytes = 256;      // smaller messages are sent plain
    std::size_t position_memory = 524'288;    // positions remembered for counting, beyond the retention
    std::size_t clients_per_session = 64;
    Duration sweep_interval = seconds(60);
    std::size_t error_samples = 1'000;      // errors that are kept with their details
    Duration survey_interval = seconds(1);  // between two looks at each connection
    RateLimit rate;                         // of one player
    double message_sample = 0;              // part of the messages and deliveries that are told one by one
};

}  // namespace mythos::hub
