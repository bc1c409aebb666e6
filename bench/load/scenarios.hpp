// The measurements. Each runs to its end on the calling thread, bounded in time, and gives a
// report; Failure where it could not be carried out.
#pragma once

#include <cstddef>
#include <string>

#include "load/event_loop.hpp"
#include "load/fleet.hpp"
#include "load/report.hpp"
#include "load/target.hpp"

namespace mythos::bench {

// How W publishes are put to the server: `batch`, one POST of W messages; `pipeline`, W POSTs
// in one write; both wait until all W are delivered to everybody. `rolling`: W stay
// outstanding, one POST follows each one that is delivered to everybody.
enum class PublishBy { batch, pipeline, rolling };

struct Load {
    std::size_t websocket = 0;  // players with a WebSocket
    std::size_t sse = 0;        // players with an SSE stream
    std::size_t dual = 0;       // players with both
    std::size_t window = 1;
    PublishBy publish_by = PublishBy::batch;
    std::size_t data_bytes = 128;
    std::size_t ack_every = 0;  // a WebSocket client acknowledges each so many; 0: never
    double seconds = 5;
    double warmup_s = 1;
};

// One channel, everybody subscribed: CPU per delivery and latency.
Report measure_fanout(EventLoop& loop, const Target& target, const FleetOptions& fleet, const Load& load);

// Connects and subscribes, then leaves them idle: CPU a connect, resident memory a connection.
Report measure_idle(EventLoop& loop, const Target& target, const FleetOptions& fleet, const Load& load);

// Each client sends its next message when the echo of one is back, `window` outstanding.
Report measure_echo(EventLoop& loop, const Target& target, const FleetOptions& fleet, const Load& load);

// The same with commands of type `echo`, each answered by a reply that carries its data.
Report measure_commands(EventLoop& loop, const Target& target, const FleetOptions& fleet, const Load& load);

struct Resume {
    std::size_t players = 100;       // each is owed one message and resumes alone
    std::size_t others = 1'000'000;  // messages to another channel, published behind it
    std::size_t batch = 500;         // messages a POST
};
Report measure_resume(EventLoop& loop, const Target& target, const FleetOptions& fleet, const Resume& resume);

// Everybody vanishes, `missed` messages are published, then all come back at once. Prints a line
// `away` and waits for a line on standard input before they do.
struct Storm {
    std::size_t players = 10'000;
    std::size_t missed = 10;
    std::size_t data_bytes = 128;
};
Report measure_storm(EventLoop& loop, const Target& target, const FleetOptions& fleet, const Storm& storm);

// Publishes at a fixed rate to a few subscribers and takes their latencies until told to stop.
// Standard input names the phases: a line `mark NAME` begins one, `stop` or its end ends it all.
struct Probe {
    std::size_t subscribers = 100;
    double rate_hz = 100;
    std::size_t data_bytes = 128;
    double limit_s = 120;
};
Report measure_probe(EventLoop& loop, const Target& target, const FleetOptions& fleet, const Probe& probe);

}  // namespace mythos::bench
