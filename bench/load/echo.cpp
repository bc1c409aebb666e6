#include <string>
#include <vector>

#include "load/failure.hpp"
#include "load/requests.hpp"
#include "load/scenarios.hpp"

namespace mythos::bench {

namespace {

// What a client says, and what it must hear in answer. Messages are numbered, from 0, for each client.
class Conversation {
public:
    virtual ~Conversation() = default;
    virtual void say(Connection& connection, std::uint64_t n) = 0;
    virtual bool is_answer(std::uint64_t n, std::string_view body) = 0;
};

// The very message that was sent.
class Echo final : public Conversation {
public:
    explicit Echo(std::size_t bytes) : bytes_(bytes) {}
    void say(Connection& connection, std::uint64_t n) override { connection.send_frames(message(n).frame); }
    bool is_answer(std::uint64_t n, std::string_view body) override { return body == message(n).body; }

private:
    static constexpr std::size_t kCycle = 1024;  // numbers repeat, so that each frame is made once
    struct Message {
        std::string body;
        std::string frame;
    };

    const Message& message(std::uint64_t n) {
        Message& made = messages_[n % kCycle];
        if (made.frame.empty()) {
            made.body = benchmark_data(n % kCycle, bytes_);
            made.frame = masked_text(made.body);
        }
        return made;
    }

    std::size_t bytes_;
    std::vector<Message> messages_ = std::vector<Message>(kCycle);
};

// A command with an id of its own, and a reply that names it, says ok and carries the command's data.
class Commands final : public Conversation {
public:
    explicit Commands(std::size_t bytes) : bytes_(bytes) {}
    void say(Connection& connection, std::uint64_t n) override {
        connection.send_text(R"({"id":)" + id(n) + R"(,"type":"echo","data":)" + benchmark_data(n, bytes_) + "}");
    }
    bool is_answer(std::uint64_t n, std::string_view body) override {
        return body.find(R"("command_id":)" + id(n)) != body.npos && body.find(R"("ok":true)") != body.npos &&
               body.find(benchmark_data(n, bytes_)) != body.npos;
    }

private:
    static std::string id(std::uint64_t n) { return "\"c-" + std::to_string(n) + '"'; }

    std::size_t bytes_;
};

class EchoLoop {
public:
    EchoLoop(Fleet& fleet, const Load& load, Conversation& conversation)
        : fleet_(fleet), load_(load), conversation_(conversation) {
        fleet_.set_on_delivery([this](Member& member, std::uint64_t, std::string_view body) { on_echo(member, body); });
    }

    void start() {
        for (Member& member : fleet_.members()) {
            for (std::size_t i = 0; i < load_.window; ++i) send(member, i);
        }
    }
    void stop() { stopping_ = true; }
    void forget_latencies() { latency_.clear(); }
    bool is_through() const { return echoes_ == sent_; }
    std::uint64_t echoes() const { return echoes_; }
    std::uint64_t changed() const { return changed_; }
    const Histogram& latency() const { return latency_; }

private:
    void send(Member& member, std::uint64_t n) {
        if (n % load_.window == 0) member.first_delivery_at_ns = now_ns();
        ++sent_;
        conversation_.say(member.connection, n);
    }

    void on_echo(Member& member, std::string_view body) {
        ++echoes_;
        const std::uint64_t expected = member.unacked++;  // how many echoes this client has had
        if (!conversation_.is_answer(expected, body)) ++changed_;
        if (expected % load_.window == 0) latency_.record(now_ns() - member.first_delivery_at_ns);
        if (!stopping_) send(member, expected + load_.window);
    }

    Fleet& fleet_;
    const Load& load_;
    Conversation& conversation_;
    Histogram latency_;
    std::uint64_t sent_ = 0;
    std::uint64_t echoes_ = 0;
    std::uint64_t changed_ = 0;  // an answer that is not the one that was due
    bool stopping_ = false;
};

Report converse(EventLoop& loop, const Target& target, const FleetOptions& fleet_options, const Load& load,
                Conversation& conversation) {
    Fleet fleet(loop, target, fleet_options);
    fleet.add_players(load.websocket, 0, 0);
    if (fleet.members().empty()) throw Failure("nobody to echo: give --ws");
    fleet.open_all();

    EchoLoop echo(fleet, load, conversation);
    echo.start();
    loop.run_until(load.warmup_s, [] { return false; });
    echo.forget_latencies();
    const std::uint64_t before = echo.echoes();
    Stopwatch watch(target);
    loop.run_until(load.seconds, [] { return false; });
    watch.stop();
    const auto echoes = static_cast<double>(echo.echoes() - before);
    echo.stop();
    const bool complete = loop.run_until(10, [&] { return echo.is_through(); });

    return {{"ok", complete && echo.changed() == 0},
            {"connections", load.websocket},
            {"window", load.window},
            {"message_bytes", load.data_bytes},
            {"echoes", echoes},
            {"changed", echo.changed()},
            {"echoes_per_s", rounded(echoes / watch.wall_us() * 1e6, 0)},
            {"cpu_us_per_echo", echoes == 0 ? 0 : rounded(watch.cpu_us() / echoes, 3)},
            {"latency", latency_report(echo.latency())},
            {"usage", watch.report()}};
}

}  // namespace

Report measure_echo(EventLoop& loop, const Target& target, const FleetOptions& fleet, const Load& load) {
    if (target.dialect != Dialect::plain)
        throw Failure("an echo server speaks the plain dialect: give --dialect plain");
    Echo echo(load.data_bytes);
    return converse(loop, target, fleet, load, echo);
}

Report measure_commands(EventLoop& loop, const Target& target, const FleetOptions& fleet, const Load& load) {
    Commands commands(load.data_bytes);
    return converse(loop, target, fleet, load, commands);
}

}  // namespace mythos::bench
