// `GET /monitoring/connection-health` and `GET /monitoring/dual-connections`: how the connections are, and how players
// are connected, as the guide has it.
#pragma once

#include "hub/node.hpp"
#include "monitor/answers.hpp"
#include "monitor/statistics.hpp"

namespace mythos::monitor {

// As JSON texts.
std::string connection_health_json(const hub::Node& node, const Statistics& statistics, stats::Window window,
                                   WallTime wall);
std::string dual_connections_json(hub::Node& node, WallTime wall);

// `node`, `statistics` and `clock` outlive the answers.
void add_health_views(Answers& answers, hub::Node& node, const Statistics& statistics, const Clock& clock);

}  // namespace mythos::monitor
