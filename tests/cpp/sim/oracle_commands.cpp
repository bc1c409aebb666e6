// The oracle on commands and publishes: executed at most once, and the sender told the truth once.
#include <nlohmann/json.hpp>

#include "sim/oracle.hpp"

namespace mythos::sim {
namespace {

using OutcomeKind = CommandTranscript::Outcome::Kind;

std::optional<Position> id_in(const std::string& data) {
    const auto json = nlohmann::json::parse(data, nullptr, false);
    if (!json.is_object() || !json.contains("id") || !json["id"].is_string()) return std::nullopt;
    return read_position(json["id"].get<std::string>());
}

}  // namespace

void Oracle::check_commands(const ClientTranscript& client) {
    for (const auto& command : client.commands) {
        ++commands_;
        const std::string who =
            "client " + client.name + ": command " + command.id + " " + command.marker + command.channel;
        const bool still_waits = client.shut_out && !client.connected && command.outcomes.empty();
        if (command.outcomes.size() != 1 && !still_waits)
            find(who + " was told " + std::to_string(command.outcomes.size()) + " outcomes");
        if (command.kind == CommandTranscript::Kind::publish) check_publish_command(who, command);
        if (command.kind == CommandTranscript::Kind::subscribe) check_subscribe(who, client, command);
    }
}

void Oracle::check_publish_command(const std::string& who, const CommandTranscript& command) {
    const auto& effects = effects_of(command.marker);
    if (effects.size() > 1) {
        std::string where;
        for (const auto& e : effects) where += " " + e.epoch + "-" + std::to_string(e.seq);
        find(who + " was executed " + std::to_string(effects.size()) + " times:" + where);
    }
    if (command.outcomes.empty()) return;
    const auto& outcome = command.outcomes.front();
    if (outcome.kind == OutcomeKind::refused && !effects.empty())
        find(who + " was refused (" + outcome.code + ") and has an effect");
    if (outcome.kind != OutcomeKind::ok) return;
    const auto id = id_in(outcome.data);
    if (effects.empty()) return find(who + " was answered ok " + outcome.data + " and has no effect");
    if (!id || id->epoch != effects.front().epoch || id->seq != effects.front().seq)
        find(who + " was answered " + outcome.data + ", its effect is " + effects.front().epoch + "-" +
             std::to_string(effects.front().seq));
}

void Oracle::check_subscribe(const std::string& who, const ClientTranscript& client, const CommandTranscript& command) {
    if (command.outcomes.empty() || command.outcomes.front().kind != OutcomeKind::ok) return;
    const auto id = id_in(command.outcomes.front().data);
    const Item* item = id ? owed_.item(id->epoch, id->seq) : nullptr;
    if (item == nullptr) return find(who + " was answered " + command.outcomes.front().data + ", which names no entry");
    const auto* session = owed_.session(item->session);
    const bool right = item->kind == ItemKind::subscribed && item->name == command.channel && session != nullptr &&
                       session->player == client.player;
    if (!right) find(who + " was answered " + show(id) + ", which is not its subscription");
}

void Oracle::check_publishes(const std::vector<PublishTranscript>& publishes) {
    for (const auto& publish : publishes) check_publish(publish);
}

void Oracle::check_publish(const PublishTranscript& publish) {
    const std::string who = "publish " + publish.markers.front();
    const auto& first = effects_of(publish.markers.front());
    for (const auto& marker : publish.markers)
        if (effects_of(marker).size() != first.size()) return find(who + ": the batch took effect in part");
    for (std::size_t i = 1; i < first.size(); ++i) {
        const bool remembered =
            first[i].epoch == first[i - 1].epoch && first[i].seq - first[i - 1].seq < rules_.key_memory;
        if (!publish.keyed || remembered)
            find(who + " took effect at " + std::to_string(first[i - 1].seq) + " and at " +
                 std::to_string(first[i].seq));
    }
    for (const auto& answer : publish.answers) {
        if (answer.status == 0) continue;
        if (answer.status != 200) {
            if (publish.answers.size() == 1 && !first.empty())
                find(who + " was refused and has an effect: " + answer.body);
            continue;
        }
        if (answer.ids.size() != publish.markers.size()) return find(who + " was answered " + answer.body);
        for (std::size_t m = 0; m < publish.markers.size(); ++m) {
            bool true_id = false;
            for (const auto& e : effects_of(publish.markers[m]))
                true_id |= answer.ids[m] == e.epoch + "-" + std::to_string(e.seq);
            if (!true_id) find(who + " was answered the id " + answer.ids[m] + ", which is not its entry");
        }
    }
}

}  // namespace mythos::sim
