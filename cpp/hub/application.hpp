// What the application in the same process may do: publish, ask, disconnect, subscribe sessions, take commands.
//
// Every call takes the sequencer's mutex for as long as its work lasts, and none waits for a loop, so none may be made
// on one. An answer that lists sessions or connections takes time in proportion to their number; commands wait
// meanwhile, deliveries do not. Thread-safety: any thread. The node outlives it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "hub/handlers.hpp"
#include "hub/hub.hpp"
#include "hub/node.hpp"

namespace mythos::hub {

class Application {
public:
    explicit Application(Node& node) : node_(node.shared()) {}

    // All or nothing; the positions, in order. They are appended, which with a durable journal is not yet committed.
    // Errors: `too_big` (more than the batch limit), `overloaded` (the loops cannot keep up: try again).
    Result<std::vector<Seq>> publish(std::vector<protocol::Publish> messages);

    // How many connections were told to close.
    std::size_t disconnect(const Hub::DisconnectWho& who);
    // Errors: those of Hub::replace_session.
    Result<Hub::NewSession> replace_session(const std::string& player_id);

    // The living session of the player takes up or gives up channels. Errors: `not_found` (no session), `bad_channel`,
    // `limit`.
    Result<void> subscribe(const std::string& player_id, const std::vector<std::string>& channels, bool presence);
    Result<void> unsubscribe(const std::string& player_id, const std::vector<std::string>& channels);

    // As the HTTP API answers them.
    std::string connections_json(const std::string& player_id) const;
    std::string channels_json() const;
    std::string presence_json(const std::string& channel) const;
    // `[{"player_id","session_id","connections":[…]}]`, of players with a session.
    std::string all_connections_json() const;
    std::size_t sessions() const;
    std::size_t connections() const;
    // For one more connection, by limits.connections.
    bool has_room() const;

    // For who watches; as in hub.hpp.
    Hub::Numbers numbers() const;
    // Of those that are still here.
    std::unordered_map<ConnectionKey, Hub::ConnectionNames> names_of(std::span<const ConnectionKey> keys) const;
    std::vector<ConnectionKey> keys_of(const std::string& player_id) const;
    std::optional<std::string> channel_name(TargetId target) const;
    // Each session with its number of connections, in pieces; others have their turn between two.
    void each_session(const Hub::TellSession& tell) const;
    std::shared_ptr<stats::HistogramShard> connections_per_session() const;

    const std::string& epoch() const;
    Handlers& handlers();

private:
    // Runs under the mutex; what the loops have to do is sent to them after it.
    template <class F>
    auto decide(F&& f);
    template <class F>
    auto ask(F&& f) const;

    Node::Shared& node_;
};

}  // namespace mythos::hub
