// `GET /monitoring/errors`: the errors of the node over windows, the newest of them, and the groups that they fall
// into.
//
// The guide's fields are of the last hour, whatever `?window=` says; `window` and what begins with `window_` are of the
// window asked for. Times in seconds since 1970, as the guide has them here.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "monitor/answers.hpp"
#include "monitor/statistics.hpp"
#include "observe/error_tracker.hpp"

namespace mythos::monitor {

inline constexpr std::size_t kRecentErrors = 10;  // without `?limit=`

std::string errors_json(const Statistics& statistics, const observe::ErrorTracker& errors, stats::Window window,
                        std::size_t recent_max, WallTime now);

// What is referred to outlives the answers. Error `bad_request` for a window or a `limit` that is none.
void add_error_view(Answers& answers, const Statistics& statistics, const observe::ErrorTracker& errors,
                    const Clock& clock);

}  // namespace mythos::monitor
