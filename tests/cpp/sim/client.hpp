// One client program: a DualClient with a shell around it that dials, reads bytes, posts
// commands, and takes down everything that it sees for the oracle.
//
// The shell is thin: it decides nothing that the protocol decides. What a fault does to
// this client's network stands in `Conditions`, for the fault driver to change.
// Not thread-safe. Outlives its actions on the agenda by being shared.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "protocol/dual_client.hpp"
#include "sim/contents.hpp"
#include "sim/link.hpp"
#include "sim/server.hpp"
#include "sim/transcript.hpp"
#include "sim/wire_reader.hpp"

namespace mythos::sim {

// What the network is like for one wire of a client; applies to connections to come.
struct Conditions {
    LinkPace pace;
    Duration extra_dial_delay;      // of the next dial only
    MonoTime blocked_until;         // dialling fails before
    bool blocked_silently = false;  // no answer, in place of a refusal
};

struct ClientSetup {
    std::string name;
    std::string player;
    protocol::ClientConfig config;  // client_id empty: anonymous
    bool deflate = false;
    bool bad_cursor = false;
    std::array<Conditions, 2> conditions;
};

class Client final : public std::enable_shared_from_this<Client> {
public:
    Client(Agenda& agenda, Server& server, Contents& contents, Rng rng, ClientSetup setup);
    ~Client();

    void start();
    void stop();

    void subscribe(const std::string& channel, bool presence);
    void unsubscribe(const std::string& channel);
    // `message` is the data of a `publish` command; its own data holds the marker.
    void publish(const std::string& message, const std::string& marker);
    void ask(std::string_view type, std::string_view data);

    Conditions& conditions(protocol::Wire wire) { return end(wire).conditions; }
    std::shared_ptr<Link> link(protocol::Wire wire) { return end(wire).link; }
    // The answers to this client's next posts are lost before `until`.
    void lose_answers_until(MonoTime until) { lose_answers_until_ = until; }

    const ClientSetup& setup() const { return setup_; }
    const std::set<std::string>& channels() const { return channels_; }
    const std::string& session() const { return client_.session_id(); }
    const protocol::DualClient& client() const { return client_; }
    bool ended() const { return transcript_.ended; }
    bool anonymous() const { return transcript_.anonymous; }
    // Nothing is under way: the wires that may be there carry or stand by, every command has
    // its outcome. Where the server refuses what is above a limit, wires may be left out.
    bool settled() const;
    void set_has_room(bool has_room) { transcript_.has_room = has_room; }
    void set_shut_out(bool shut_out) { transcript_.shut_out = shut_out; }
    std::size_t wires_used() const {
        return (setup_.config.use_wire[0] ? 1u : 0u) + (setup_.config.use_wire[1] ? 1u : 0u);
    }
    // Wires that the server serves, as far as the client knows.
    std::size_t wires_served() const;
    // For people: the client's name, its wires and its open commands.
    std::string standing() const;
    // The transcript with how things stand now.
    const ClientTranscript& transcript();
    // Above every number used so far; for the program's next run.
    std::uint64_t next_command() const { return next_command_; }
    std::uint64_t next_attempt() const { return next_attempt_; }

private:
    struct End final : LinkEnd {
        Client* owner = nullptr;
        protocol::Wire wire = protocol::Wire::websocket;
        Conditions conditions;
        std::shared_ptr<Link> link;
        std::uint64_t attempt = 0;
        std::shared_ptr<WireReader> reader;
        std::size_t transcript = 0;    // index of its WireTranscript
        std::optional<Position> base;  // of the stream that it carries
        int close_code = 0;
        void link_opened() override;
        void link_bytes(std::string& bytes, std::uint64_t offset) override;
        void link_closed(const LinkClosed& how) override;
    };

    End& end(protocol::Wire wire) { return ends_[wire == protocol::Wire::websocket ? 0 : 1]; }
    End& other(const End& e) { return ends_[&e == &ends_[0] ? 1 : 0]; }
    bool take(End& e, const Received& received);
    void take_message(End& e, const Received& received);
    void read_entry(const Received& received, WireEvent& event);
    void read_control(End& e, const Received& received, WireEvent& event);
    void began(const WireEvent& event);
    void after_input();
    void handle(protocol::Output&& output);
    void dial(const protocol::OpenWire& open);
    void hang_up(End& e, int code);
    void dropped(End& e);
    void post(protocol::PostCommands&& post);
    void joined(const protocol::SessionJoined& told);
    void told_gap(const protocol::TellGap& gap);
    void outcome(const std::string& command_id, CommandTranscript::Outcome outcome);
    void command(CommandTranscript::Kind kind, std::string_view type, const std::string& data, std::string marker,
                 std::string channel);
    void schedule_tick();
    std::optional<Position> applied() const;

    Agenda& agenda_;
    Server& server_;
    Contents& contents_;
    Rng rng_;
    ClientSetup setup_;
    protocol::DualClient client_;
    std::array<End, 2> ends_;
    ClientTranscript transcript_;
    std::set<std::string> channels_;    // what the application wants to hear
    std::optional<Position> position_;  // of the application's stream while outputs are handled
    std::string epoch_;
    std::uint64_t next_command_ = 1;
    std::uint64_t next_attempt_ = 1;
    MonoTime lose_answers_until_;
    MonoTime tick_at_{-1};
    bool began_ = false;
    bool handling_ = false;
};

}  // namespace mythos::sim
