// The metrics of connections and of the loops that serve them: what the survey found, who is here, and how long
// requests took.
//
// Thread-safety: one thread, the monitor's; takes the sequencer's mutex for moments.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "hub/node.hpp"
#include "monitor/families.hpp"
#include "monitor/statistics.hpp"
#include "transport/request_times.hpp"

namespace mythos::monitor {

// The sessions with the most connections, by name; the others together. Nobody may make metrics grow without bound.
class SessionRanking {
public:
    static constexpr std::size_t kNamed = 50;

    // Looks at all sessions, in pieces.
    void collect(hub::Node& node);

    struct Session {
        std::string session_id;
        std::uint32_t connections = 0;
    };
    const std::vector<Session>& named() const { return named_; }  // the most first
    std::uint64_t others() const { return others_; }              // connections of those without a name
    std::uint64_t folded() const { return folded_; }              // how often a session went without one

private:
    std::vector<Session> named_;
    std::uint64_t others_ = 0, folded_ = 0;
};

class ConnectionMetrics {
public:
    // `node`, `statistics` and what `request_times` refers to outlive it.
    ConnectionMetrics(hub::Node& node, const Statistics& statistics,
                      std::vector<const transport::RequestTimes*> request_times)
        : node_(node), statistics_(statistics), request_times_(std::move(request_times)) {}

    void add_to(Families& all);

private:
    void add_connections(Families& all);
    void add_sessions(Families& all);
    void add_loops(Families& all);
    void add_requests(Families& all);

    hub::Node& node_;
    const Statistics& statistics_;
    std::vector<const transport::RequestTimes*> request_times_;
    SessionRanking ranking_;
    MonoTime collected_at_{};
};

}  // namespace mythos::monitor
