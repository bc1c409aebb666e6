#include "sim/world.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "sim/entropy.hpp"
#include "sim/trace.hpp"
#include "sim/traffic.hpp"
#include "sim/trouble.hpp"

namespace mythos::sim {
namespace {

using nlohmann::json;
using protocol::Wire;

constexpr Duration kPatience = seconds(60);  // simulated; the longest way back is far shorter
constexpr Duration kLinger = seconds(20);    // a connection that is over is gone from the server by then
constexpr Duration kLook = milliseconds(250);

std::uint64_t seeded(const Plan& plan) {
    seed_entropy(plan.seed);
    return plan.seed;
}

std::vector<std::string> ids_in(const std::string& body) {
    std::vector<std::string> ids;
    const json answer = json::parse(body, nullptr, false);
    if (!answer.is_object()) return ids;
    if (answer.contains("id")) ids.push_back(answer["id"].get<std::string>());
    if (answer.contains("ids"))
        for (const auto& id : answer["ids"]) ids.push_back(id.get<std::string>());
    return ids;
}

}  // namespace

World::World(const Plan& plan)
    : plan_(plan), rng_(seeded(plan)), agenda_(clock_), server_(agenda_, clock_, history_, plan_, rng_.fork()) {
    clock_.advance(seconds(1'000));  // no instant of a run is the clock's zero
}

ClientSetup World::new_setup(const std::string& player) {
    ClientSetup setup;
    setup.player = player;
    setup.name = player + "/" + std::to_string(next_client_++);
    auto& c = setup.config;
    c.client_id = "c_" + std::to_string(rng_.next());
    c.mode = plan_.mode;
    if (plan_.mixed_modes && rng_.chance(50))
        c.mode = plan_.mode == protocol::Mode::mirror ? protocol::Mode::standby : protocol::Mode::mirror;
    c.connect_timeout = milliseconds(1'000);
    c.heartbeat = plan_.settings.heartbeat;
    c.backoff_max = seconds(1);
    c.second_wire_delay = milliseconds(static_cast<std::int64_t>(rng_.between(0, 100)));
    c.jitter_seed = rng_.next();
    c.promote_retry = milliseconds(200);
    c.post_timeout = seconds(2);
    c.command_backoff_max = milliseconds(500);
    if (rng_.chance(15)) c.held_entries_max = rng_.between(2, 20);
    c.faults = plan_.mutation.client;
    setup.deflate = plan_.deflate && rng_.chance(60);
    for (auto& conditions : setup.conditions) {
        auto& pace = conditions.pace;
        pace.up = microseconds(static_cast<std::int64_t>(rng_.between(50, 4'000)));
        pace.down = microseconds(static_cast<std::int64_t>(rng_.between(50, 4'000)));
        pace.buffer = plan_.buffer;
        pace.short_writes = plan_.short_writes;
    }
    return setup;
}

std::shared_ptr<Client> World::add_client(ClientSetup setup) {
    clients_.push_back(std::make_shared<Client>(agenda_, server_, contents_, rng_.fork(), std::move(setup)));
    if (plan_.short_writes > 0) faults_.note(Fault::short_writes, {});
    clients_.back()->start();
    return clients_.back();
}

std::shared_ptr<Client> World::any_client() {
    std::vector<std::shared_ptr<Client>> living;
    for (const auto& client : clients_)
        if (!client->ended()) living.push_back(client);
    return living.empty() ? nullptr : rng_.pick(living);
}

std::size_t World::living_clients_of(const std::string& player) const {
    return static_cast<std::size_t>(std::count_if(
        clients_.begin(), clients_.end(), [&](const auto& c) { return !c->ended() && c->setup().player == player; }));
}

void World::note(Fault fault, const Client& client) {
    trace(agenda_.now(), [&] { return "FAULT " + std::string(fault_name(fault)) + " of " + client.setup().name; });
    faults_.note(fault, client.session());
}

void World::note_for_all(Fault fault) {
    trace(agenda_.now(), [&] { return "FAULT " + std::string(fault_name(fault)); });
    faults_.note(fault, {});
    std::set<std::string> sessions;
    for (const auto& client : clients_)
        if (!client->ended()) sessions.insert(client->session());
    for (const auto& session : sessions) faults_.mark(fault, session);
}

// ---- publishing by HTTP

std::string World::message_json(const std::string& marker) {
    json message{{"type", "chat.said"}};
    const auto to = rng_.below(10);
    if (to < 6)
        message["channel"] = channel_name(static_cast<unsigned>(rng_.below(plan_.channels)));
    else if (to < 8)
        message["player"] = player_name(static_cast<unsigned>(rng_.below(plan_.players)));
    else
        message["everyone"] = true;
    if (plan_.keys && rng_.chance(60)) message["key"] = "k" + std::to_string(rng_.below(3));
    message["data"] = {{"m", marker}};
    if (plan_.padding > 0 && rng_.chance(50)) message["data"]["pad"] = std::string(rng_.below(plan_.padding), 'x');
    return message.dump();
}

void World::publish(unsigned messages, bool keyed, bool twice) {
    PublishTranscript publish;
    std::string body;
    for (unsigned i = 0; i < messages; ++i) {
        publish.markers.push_back(new_marker());
        body += (i > 0 ? "," : "") + message_json(publish.markers.back());
    }
    if (messages > 1) body = R"({"messages":[)" + body + "]}";
    publish.keyed = keyed;
    publishes_.push_back(std::move(publish));
    const std::string key = keyed ? "key-" + std::to_string(publishes_.size()) : "";
    send_publish(publishes_.size() - 1, body, key, 20);
    if (twice) send_publish(publishes_.size() - 1, body, key, 20);
}

void World::send_publish(std::size_t index, std::string body, std::string key, int tries_left) {
    ++publishes_open_;
    const bool lose = !key.empty() && rough_ && rng_.chance(20);
    server_.request([body, key](hub::LoopCore& core, MonoTime now,
                                hub::AnswerTo answer) { core.post_publish(body, key, now, std::move(answer)); },
                    [this, index, body, key, tries_left](const hub::Answer* answer) {
                        --publishes_open_;
                        auto& transcript = publishes_[index];
                        transcript.answers.push_back({answer ? answer->status : 0, {}, answer ? answer->body : ""});
                        if (answer && answer->status == 200) transcript.answers.back().ids = ids_in(answer->body);
                        if (key.empty() || tries_left == 0 || (answer && answer->status == 200)) return;
                        agenda_.after(milliseconds(150), [=, this] { send_publish(index, body, key, tries_left - 1); });
                    },
                    lose);
}

// ---- the run

bool World::run() {
    server_.boot();
    Traffic traffic(*this);
    Trouble trouble(*this);
    traffic.begin();
    trouble.begin();
    agenda_.run_until(agenda_.now() + plan_.length);
    rough_ = false;
    note_room();
    trouble.end();
    heal();
    const MonoTime until = agenda_.now() + kPatience;
    bool last_word = false;
    while (agenda_.now() < until) {
        agenda_.run_until(agenda_.now() + kLook);
        if (!quiet()) continue;
        if (std::exchange(last_word, true)) return true;
        // Once more for everybody: who waits for ever would miss it.
        publish(2, false, false);
        agenda_.run_until(agenda_.now() + plan_.settings.heartbeat * 2);
    }
    return false;
}

void World::heal() {
    if (!server_.up()) server_.boot();
    for (auto& client : clients_) {
        for (Wire wire : protocol::kClientWires) {
            auto& conditions = client->conditions(wire);
            conditions.blocked_until = {};
            conditions.extra_dial_delay = {};
            conditions.pace.up = conditions.pace.down = milliseconds(1);
            if (const auto link = client->link(wire)) {
                link->read_normally();
                link->set_delay(milliseconds(1), milliseconds(1));
            }
        }
        client->lose_answers_until({});
    }
}

bool World::close_accounts() {
    std::set<std::string> players;
    for (const auto& client : clients_) players.insert(client->setup().player);
    const MonoTime until = agenda_.now() + kLinger;
    do {
        // Again and again: who was refused for a limit comes back into the room that the others left.
        for (const auto& player : players)
            server_.request([player](hub::LoopCore& core, MonoTime now,
                                     hub::AnswerTo answer) { core.post_session(player, now, std::move(answer)); },
                            [](const hub::Answer*) {});
        agenda_.run_until(agenda_.now() + kLook);
    } while (!server_.links().empty() && agenda_.now() < until);
    return server_.links().empty();
}

bool World::quiet() { return still_waiting().empty(); }

void World::note_room() {
    std::map<std::string, std::size_t> used;
    // A connection without client_id replaces no predecessor, so its dead ones count as well.
    for (const auto& client : clients_)
        used[client->setup().player] +=
            client->anonymous() ? plan_.settings.connections_per_player : client->wires_used();
    for (const auto& client : clients_)
        client->set_has_room(used[client->setup().player] <= plan_.settings.connections_per_player);
}

void World::note_shut_out() {
    if (plan_.settings.limit_policy != hub::LimitPolicy::refuse) return;
    std::map<std::string, std::size_t> served;
    for (const auto& client : clients_) served[client->setup().player] += client->wires_served();
    for (const auto& client : clients_)
        client->set_shut_out(served[client->setup().player] >= plan_.settings.connections_per_player);
}

std::vector<std::string> World::still_waiting() {
    std::vector<std::string> who;
    if (!server_.up() || server_.draining()) who.push_back("the server is not up");
    if (publishes_open_ > 0) who.push_back(std::to_string(publishes_open_) + " publishes");
    note_shut_out();
    for (const auto& link : server_.links())
        if (!link->whole() && link->age() > kLinger)
            who.push_back("the server, for a dead connection of " + link->describe());
    for (const auto& client : clients_)
        if (!client->settled()) who.push_back(client->standing());
    return who;
}

}  // namespace mythos::sim
