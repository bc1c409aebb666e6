// The sequencer's part that answers questions, as the JSON of DESIGN section 4.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "hub/hub.hpp"
#include "protocol/json_text.hpp"

namespace mythos::hub {

using journal::TargetKind;
using nlohmann::json;

namespace {

// Of the last answered ping; null where there was none, and for an event stream, which has none.
json rtt_ms(const Connection& connection) {
    const auto rtt_us = connection.client->state->rtt_us.load(std::memory_order_relaxed);
    if (connection.wire != protocol::Wire::websocket || rtt_us == 0) return nullptr;
    return static_cast<double>(rtt_us) / 1000.0;
}

}  // namespace

std::string Hub::connections_json(const std::string& player_id) const {
    json out{{"player_id", player_id}, {"session_id", nullptr}, {"connections", json::array()}};
    const auto it = players_.find(player_id);
    if (it == players_.end() || !it->second.session) return protocol::print_json(out);
    const Player& player = it->second;
    out["session_id"] = player.session->session_id;
    for (const Connection* c : player.session->connections_by_age()) {
        const auto& sent = c->client->state->sent[index_of(c->wire)];
        out["connections"].push_back({{"connection_id", c->connection_id},
                                      {"client_id", c->client->client_id()},
                                      {"wire", protocol::to_string(c->wire)},
                                      {"mode", c->standby ? "standby" : "mirror"},
                                      {"opened_at", iso8601(c->opened_at)},
                                      {"cursor", id(sent.load(std::memory_order_relaxed))},
                                      {"acknowledged", id(c->client->state->acked())},
                                      {"rtt_ms", rtt_ms(*c)}});
    }
    return protocol::print_json(out);
}

std::string Hub::all_connections_json() const {
    std::string list = "[";
    for (const auto& [player_id, player] : players_) {
        if (!player.session) continue;
        if (list.size() > 1) list += ',';
        list += connections_json(std::string(player_id));
    }
    return list + "]";
}

std::string Hub::statistics_json(std::string_view counters_json) const {
    const auto& n = census_.connections;
    const auto& only = census_.players_only;
    const json out{{"connections", {{"total", n[0] + n[1]}, {"websocket", n[0]}, {"sse", n[1]}}},
                   {"connection_distribution",
                    {{"total_players", only[0] + only[1] + census_.players_dual},
                     {"websocket_only_players", only[0]},
                     {"sse_only_players", only[1]},
                     {"dual_connection_players", census_.players_dual}}},
                   {"sessions", sessions_.size()},
                   {"journal",
                    {{"epoch", journal_.epoch()},
                     {"head", id(journal_.ring().head())},
                     {"retained_entries", journal_.ring().head() + 1 - journal_.ring().first()},
                     {"retained_bytes", journal_.ring().bytes()}}},
                   {"closed_accounts", {{"owed", totals_.owed.load()}, {"unsent", totals_.unsent.load()}}},
                   {"counters", json::parse(counters_json)}};
    return protocol::print_json(out);
}

std::string Hub::channels_json() const {
    json list = json::array();
    targets_.for_each([&](const TargetInfo& info) {
        if (info.target.kind == TargetKind::channel && info.open_intervals > 0)
            list.push_back({{"channel", info.target.name}, {"subscribers", info.open_intervals}});
    });
    return protocol::print_json({{"channels", std::move(list)}});
}

// Written by hand: thousands of members are no matter, and the sequencer waits meanwhile.
std::string Hub::presence_json(const std::string& channel) const {
    std::string out = R"({"channel":)";
    protocol::append_json_string(out, channel);
    out += R"(,"members":[)";
    const TargetInfo* target = targets_.find({TargetKind::channel, channel});
    if (target != nullptr) {
        for (const Session* session : target->members) {
            if (out.back() != '[') out += ',';
            out += R"({"player_id":)";
            protocol::append_json_string(out, session->player->player_id());
            out += R"(,"session_id":)";
            protocol::append_json_string(out, session->session_id);
            out += R"(,"since":")";
            for (const auto& [id, since] : session->channels)
                if (id == target->id) out += iso8601(since);
            out += R"("})";
        }
    }
    return out += "]}";
}

std::optional<Hub::ConnectionNames> Hub::names_of(ConnectionKey key) const {
    const auto it = connections_.find(key);
    if (it == connections_.end() || it->second.leaving) return std::nullopt;
    const Connection& connection = it->second;
    return ConnectionNames{connection.connection_id, std::string(connection.client->client_id()),
                           connection.session->player->player_id(), connection.session->session_id,
                           connection.opened_at};
}

std::vector<ConnectionKey> Hub::keys_of(const std::string& player_id) const {
    std::vector<ConnectionKey> keys;
    const auto it = players_.find(player_id);
    if (it == players_.end() || !it->second.session) return keys;
    for (const Connection* connection : it->second.session->connections_by_age()) keys.push_back(connection->key);
    return keys;
}

std::optional<std::string> Hub::channel_name(TargetId target) const {
    const TargetInfo* info = targets_.find_by_id(target);
    if (info == nullptr || info->target.kind != TargetKind::channel) return std::nullopt;
    return info->target.name;
}

bool Hub::tell_sessions(SessionsPlace& place, const TellSession& tell) const {
    constexpr std::size_t kBucketsAtOnce = 256;  // some 20 us
    if (place.buckets != sessions_.bucket_count()) place = {0, sessions_.bucket_count()};
    const std::size_t end = std::min(place.buckets, place.bucket + kBucketsAtOnce);
    for (; place.bucket < end; ++place.bucket)
        for (auto it = sessions_.begin(place.bucket); it != sessions_.end(place.bucket); ++it)
            tell(it->second->session_id, it->second->connections);
    return place.bucket == place.buckets;
}

TargetId Hub::channel_target(const std::string& channel) {
    const TargetInfo* target = targets_.find({TargetKind::channel, channel});
    return target == nullptr ? 0 : target->id;
}

}  // namespace mythos::hub
