// `GET /monitoring/performance`: the guide's statistics over a window, and over all four.
//
// What the guide names is of the window and adds up; what is since the start is named `lifetime_`. Of nothing there are
// zeros, and 100 per cent.
#pragma once

#include "hub/node.hpp"
#include "monitor/answers.hpp"
#include "monitor/statistics.hpp"

namespace mythos::monitor {

// As JSON text. `wall`: for its timestamp.
std::string performance_json(hub::Node& node, const Statistics& statistics, stats::Window window, WallTime wall);

// `node`, `statistics` and `clock` outlive the answers.
void add_performance_view(Answers& answers, hub::Node& node, const Statistics& statistics, const Clock& clock);

}  // namespace mythos::monitor
