// What a window says of times, as JSON: milliseconds, and 0 where there was nothing. Pure functions; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.hpp"
#include "stats/distribution.hpp"

namespace mythos::monitor {

using Json = nlohmann::ordered_json;

// `{"count","rate_per_second","avg_ms","max_ms","p50_ms",…}` of nanoseconds.
Json timing_json(const stats::Distribution& times);

// The guide's way: `avg_<name>_ms`, `max_<name>_ms`, `p95_<name>_ms` and the other percentiles, put into `out`.
void put_timing(Json& out, const std::string& name, const stats::Distribution& times);

// On one line; what is not UTF-8, which must not stop the server, gets U+FFFD.
std::string print(const Json& json);

}  // namespace mythos::monitor
