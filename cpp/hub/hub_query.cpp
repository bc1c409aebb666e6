// The sequencer's part that answers questions, as the JSON of DESIGN section 4.
#include <nlohmann/json.hpp>

#include "hub/hub.hpp"

namespace mythos::hub {

using journal::TargetKind;
using nlohmann::json;

std::string Hub::connections_json(const std::string& player_id) const {
    json out{{"player_id", player_id}, {"session_id", nullptr}, {"connections", json::array()}};
    const auto it = players_.find(player_id);
    if (it == players_.end() || !it->second->session) return out.dump();
    const Player& player = *it->second;
    out["session_id"] = player.session->session_id;
    for (const Connection* c : player.connections) {
        const auto& sent = c->client->state->sent[static_cast<std::size_t>(c->wire)];
        out["connections"].push_back({{"connection_id", c->connection_id},
                                      {"client_id", c->client->client_id},
                                      {"wire", protocol::to_string(c->wire)},
                                      {"mode", c->standby ? "standby" : "mirror"},
                                      {"opened_at", iso8601(c->opened_at)},
                                      {"cursor", id(sent.load(std::memory_order_relaxed))},
                                      {"acknowledged", id(c->client->state->acked())}});
    }
    return out.dump();
}

std::string Hub::all_connections_json() const {
    std::string list = "[";
    for (const auto& [player_id, player] : players_) {
        if (!player->session) continue;
        if (list.size() > 1) list += ',';
        list += connections_json(std::string(player_id));
    }
    return list + "]";
}

std::string Hub::statistics_json(std::string_view counters_json) const {
    std::size_t websocket_only = 0, sse_only = 0, dual = 0, by_wire[2] = {0, 0};
    for (const auto& [id, player] : players_) {
        std::size_t n[2] = {0, 0};
        for (const Connection* c : player->connections) ++n[static_cast<std::size_t>(c->wire)];
        by_wire[0] += n[0];
        by_wire[1] += n[1];
        if (n[0] > 0 && n[1] > 0) {
            ++dual;
        } else if (n[0] > 0) {
            ++websocket_only;
        } else if (n[1] > 0) {
            ++sse_only;
        }
    }
    const json out{
        {"connections", {{"total", by_wire[0] + by_wire[1]}, {"websocket", by_wire[0]}, {"sse", by_wire[1]}}},
        {"connection_distribution",
         {{"total_players", websocket_only + sse_only + dual},
          {"websocket_only_players", websocket_only},
          {"sse_only_players", sse_only},
          {"dual_connection_players", dual}}},
        {"sessions", sessions_.size()},
        {"journal",
         {{"epoch", journal_.epoch()},
          {"head", id(journal_.ring().head())},
          {"retained_entries", journal_.ring().head() + 1 - journal_.ring().first()},
          {"retained_bytes", journal_.ring().bytes()}}},
        {"closed_accounts", {{"owed", totals_.owed.load()}, {"unsent", totals_.unsent.load()}}},
        {"counters", json::parse(counters_json)}};
    return out.dump();
}

std::string Hub::channels_json() const {
    json list = json::array();
    targets_.for_each([&](const TargetInfo& info) {
        if (info.target.kind == TargetKind::channel && info.open_intervals > 0)
            list.push_back({{"channel", info.target.name}, {"subscribers", info.open_intervals}});
    });
    return json{{"channels", std::move(list)}}.dump();
}

std::string Hub::presence_json(const std::string& channel) {
    json members = json::array();
    if (const TargetInfo* target = targets_.find({TargetKind::channel, channel})) {
        for (const auto& [session_id, session] : sessions_) {
            for (const auto& [id, since] : session->channels)
                if (id == target->id)
                    members.push_back({{"player_id", session->player->player_id},
                                       {"session_id", session_id},
                                       {"since", iso8601(since)}});
        }
    }
    return json{{"channel", channel}, {"members", std::move(members)}}.dump();
}

TargetId Hub::channel_target(const std::string& channel) {
    const TargetInfo* target = targets_.find({TargetKind::channel, channel});
    return target == nullptr ? 0 : target->id;
}

}  // namespace mythos::hub
