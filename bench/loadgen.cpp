// bench_loadgen: loads one server on loopback and says what it cost that server.
// The figures go to standard output as one line of JSON, and to standard error as a table.
// Exit status: 0 measured and nothing amiss, 1 lost, repeated or not measurable, 2 bad usage.
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <memory>

#include "load/failure.hpp"
#include "load/input_lines.hpp"
#include "load/report.hpp"
#include "load/scenarios.hpp"

namespace {

using namespace mythos::bench;

struct Arguments {
    std::string server;
    std::string name;
    Dialect dialect = Dialect::mythos;
    std::vector<pid_t> pids;
    FleetOptions fleet;
    Load load;
    Resume resume;
    Storm storm;
    Probe probe;
    std::function<Report(EventLoop&, const Target&)> measure;
};

const std::map<std::string, Dialect> kDialects{{"mythos", Dialect::mythos}, {"plain", Dialect::plain}};
const std::map<std::string, PublishBy> kPublishBy{
    {"batch", PublishBy::batch}, {"pipeline", PublishBy::pipeline}, {"rolling", PublishBy::rolling}};

void add_common(CLI::App& app, Arguments& to) {
    app.add_option("--server", to.server, "where the server listens, as 127.0.0.1:8000")->required();
    app.add_option("--pid", to.pids, "the server's process; more than once where it is several")->required();
    app.add_option("--dialect", to.dialect, "mythos, or plain: no welcome, no subscribe, all receive all")
        ->transform(CLI::CheckedTransformer(kDialects));
    app.add_option("--ws-path", to.fleet.ws_path, "where WebSockets are opened; {player} is replaced");
    app.add_option("--sse-path", to.fleet.sse_path, "where SSE streams are opened; {player} is replaced");
    app.add_option("--prefix", to.fleet.name_prefix, "what players' names begin with");
    app.add_flag("!--no-client-id", to.fleet.client_ids, "connect without client_id");
    app.add_flag("--write-each-alone", to.fleet.write_each_alone,
                 "a write for each message, also for several that answer one read");
    app.add_option("--handshakes", to.fleet.handshakes_max, "connects begun and not yet answered, at most")
        ->check(CLI::Range(1, 19000));
    app.add_option("--limit-s", to.fleet.limit_s, "the longest that connecting or subscribing may take")
        ->check(CLI::Range(1.0, 600.0));
    app.fallthrough();
    app.require_subcommand(1);
}

void add_load(CLI::App& app, Load& load) {
    app.add_option("--ws", load.websocket, "players with a WebSocket")->check(CLI::Range(0, 19000));
    app.add_option("--sse", load.sse, "players with an SSE stream")->check(CLI::Range(0, 19000));
    app.add_option("--dual", load.dual, "players with both")->check(CLI::Range(0, 9500));
    app.add_option("--window", load.window, "messages outstanding")->check(CLI::Range(1, 4096));
    app.add_option("--bytes", load.data_bytes, "size of a message's data")->check(CLI::Range(32, 1 << 20));
    app.add_option("--seconds", load.seconds, "how long to measure")->check(CLI::Range(0.1, 300.0));
    app.add_option("--warmup-s", load.warmup_s, "how long to run before")->check(CLI::Range(0.0, 60.0));
}

CLI::App* add_scenario(CLI::App& app, Arguments& to, const char* name, const char* about,
                       std::function<Report(EventLoop&, const Target&)> measure) {
    CLI::App* scenario = app.add_subcommand(name, about);
    scenario->callback([&to, name, measure = std::move(measure)] { to.name = name, to.measure = measure; });
    return scenario;
}

void add_load_scenarios(CLI::App& app, Arguments& to) {
    using Measure = Report (*)(EventLoop&, const Target&, const FleetOptions&, const Load&);
    const auto add = [&](const char* name, const char* about, Measure measure) {
        CLI::App* scenario = add_scenario(app, to, name, about, [&to, measure](EventLoop& loop, const Target& target) {
            return measure(loop, target, to.fleet, to.load);
        });
        add_load(*scenario, to.load);
        return scenario;
    };
    CLI::App* fanout = add("fanout", "one channel, everybody subscribed: CPU per delivery", &measure_fanout);
    fanout->add_option("--publish", to.load.publish_by, "batch, pipeline or rolling")
        ->transform(CLI::CheckedTransformer(kPublishBy));
    fanout->add_option("--ack-every", to.load.ack_every, "WebSocket clients acknowledge each so many; 0: never");
    add("idle", "idle connections: memory, CPU a connect", &measure_idle);
    add("echo", "messages sent back: CPU an echo", &measure_echo);
    add("commands", "commands that a handler answers: CPU a command", &measure_commands);
}

void add_resume_scenarios(CLI::App& app, Arguments& to) {
    CLI::App* resume =
        add_scenario(app, to, "resume", "one entry owed behind many others: time of a resume",
                     [&to](auto& loop, auto& target) { return measure_resume(loop, target, to.fleet, to.resume); });
    resume->add_option("--players", to.resume.players, "who resumes, one after another")->check(CLI::Range(1, 10000));
    resume->add_option("--others", to.resume.others, "messages behind the one owed")->check(CLI::Range(0, 10'000'000));
    resume->add_option("--batch", to.resume.batch, "messages a POST")->check(CLI::Range(1, 10000));

    CLI::App* storm =
        add_scenario(app, to, "storm", "everybody resumes at once; waits for a line on standard input",
                     [&to](auto& loop, auto& target) { return measure_storm(loop, target, to.fleet, to.storm); });
    storm->add_option("--players", to.storm.players, "who resumes")->check(CLI::Range(1, 19000));
    storm->add_option("--missed", to.storm.missed, "messages published while they are away")
        ->check(CLI::Range(1, 10000));
    storm->add_option("--bytes", to.storm.data_bytes, "size of a message's data")->check(CLI::Range(32, 1 << 20));

    CLI::App* probe =
        add_scenario(app, to, "probe", "live latency at a fixed rate, in phases named on standard input",
                     [&to](auto& loop, auto& target) { return measure_probe(loop, target, to.fleet, to.probe); });
    probe->add_option("--subscribers", to.probe.subscribers, "who listens")->check(CLI::Range(1, 19000));
    probe->add_option("--rate", to.probe.rate_hz, "messages a second")->check(CLI::Range(0.1, 10000.0));
    probe->add_option("--bytes", to.probe.data_bytes, "size of a message's data")->check(CLI::Range(32, 1 << 20));
    probe->add_option("--limit-s", to.probe.limit_s, "the longest to run")->check(CLI::Range(1.0, 600.0));
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app{"Loads one server on loopback and says what it cost that server."};
    add_common(app, arguments);
    add_load_scenarios(app, arguments);
    add_resume_scenarios(app, arguments);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? 0 : 2; }
    std::signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // no load outlives the script that asked for it
    try {
        const Target target = parse_target(arguments.server, arguments.dialect, arguments.pids);
        const auto loop = std::make_unique<EventLoop>();
        Report report{{"scenario", arguments.name}};
        report.update(arguments.measure(*loop, target));
        std::cerr << as_table(report);
        say(report.dump());
        return report.at("ok").get<bool>() ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "bench_loadgen: " << error.what() << "\n";
        say(Report{{"scenario", arguments.name}, {"ok", false}, {"error", error.what()}}.dump());
        return 1;
    }
}
