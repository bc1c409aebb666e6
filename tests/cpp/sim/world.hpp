// One run: a server, its players' programs, publishers, and what goes wrong among them.
//
// The run has a rough part, in which traffic and faults are drawn; then everything heals,
// time goes on until nothing moves, and what is left to say is the oracle's.
// A World is used once. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/manual_clock.hpp"
#include "sim/agenda.hpp"
#include "sim/client.hpp"
#include "sim/contents.hpp"
#include "sim/faults.hpp"
#include "sim/history.hpp"
#include "sim/plan.hpp"
#include "sim/rng.hpp"
#include "sim/server.hpp"
#include "sim/transcript.hpp"

namespace mythos::sim {

class World {
public:
    explicit World(const Plan& plan);

    // The rough part and the healing. False: something still waited when patience ended.
    bool run();
    // Ends all sessions, so that every delivery account is closed. False: a connection stays.
    bool close_accounts();
    // Who or what still waited.
    std::vector<std::string> still_waiting();

    // What traffic and faults act on.
    Agenda& agenda() { return agenda_; }
    Server& server() { return server_; }
    Rng& rng() { return rng_; }
    const Plan& plan() const { return plan_; }
    FaultLog& faults() { return faults_; }
    History& history() { return history_; }
    const Contents& contents() const { return contents_; }
    std::vector<std::shared_ptr<Client>>& clients() { return clients_; }
    std::vector<PublishTranscript>& publishes() { return publishes_; }
    bool rough() const { return rough_; }

    // A new client program of a player; `setup` with client id, seeds and network filled in by `new_setup`.
    ClientSetup new_setup(const std::string& player);
    std::shared_ptr<Client> add_client(ClientSetup setup);
    // A living client program, or null.
    std::shared_ptr<Client> any_client();
    std::string player_name(unsigned index) const { return "p" + std::to_string(index); }
    std::string channel_name(unsigned index) const { return "room:" + std::to_string(index); }
    std::string new_marker() { return "m" + std::to_string(next_marker_++); }
    std::size_t living_clients_of(const std::string& player) const;

    void note(Fault fault, const Client& client);
    void note_for_all(Fault fault);

    // POST /api/publish; with a key it is sent again until it is answered.
    void publish(unsigned messages, bool keyed, bool twice);
    // One message's JSON for publish, in a batch or as a command's data.
    std::string message_json(const std::string& marker);

private:
    void heal();
    bool quiet();
    void note_shut_out();
    void note_room();
    void send_publish(std::size_t index, std::string body, std::string key, int tries_left);

    Plan plan_;
    Rng rng_;
    ManualClock clock_;
    Agenda agenda_;
    History history_;
    Contents contents_;
    FaultLog faults_;
    Server server_;
    std::vector<std::shared_ptr<Client>> clients_;
    std::vector<PublishTranscript> publishes_;
    std::uint64_t next_marker_ = 1;
    unsigned next_client_ = 1;
    std::size_t publishes_open_ = 0;
    bool rough_ = true;
};

}  // namespace mythos::sim
