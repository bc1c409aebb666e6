// The sequencer's part that executes what changes the journal: subscriptions,
// messages, and the promotion of a wire.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "hub/hub.hpp"
#include "protocol/json_text.hpp"

namespace mythos::hub {

using journal::Kind;
using journal::TargetKind;
using nlohmann::json;

namespace {

// `data` as an object; of anything else, an empty one, so that the member asked for is missed.
json object_of(const protocol::Command& command) {
    json data = json::parse(command.data, nullptr, false);
    return data.is_object() ? data : json::object();
}

}  // namespace

Result<std::vector<std::string>> Hub::channels_of(const protocol::Command& command) const {
    const json data = object_of(command);
    std::vector<std::string> channels;
    if (data.contains("channel"))
        channels.push_back(data["channel"].is_string() ? data["channel"].get<std::string>() : "");
    if (data.contains("channels") && data["channels"].is_array())
        for (const auto& c : data["channels"]) channels.push_back(c.is_string() ? c.get<std::string>() : "");
    if (channels.empty()) return Error{"bad_command", "`data` needs `channel`, or `channels` with at least one name"};
    for (const auto& c : channels)
        if (!protocol::is_valid_channel(c)) return protocol::bad_channel();
    return channels;
}

// Marks what a command appended with the command's identity, so that a restarted
// server still knows that it was executed.
void Hub::set_origin(const CommandContext& context, const protocol::Command& command, std::size_t first_draft) {
    if (command.id.empty() || context.client == nullptr || !context.client->named) return;
    for (std::size_t i = first_draft; i < batch_.size(); ++i) {
        auto& record = batch_[i].record;
        record.origin = context.session->session_id + "/" + std::string(context.client->client_id());
        record.command_id = command.id;
        record.command_number = command.number;
        record.fingerprint = command.fingerprint;
        record.origin_count = static_cast<std::uint32_t>(batch_.size() - first_draft);
    }
}

std::string Hub::reply_with_id(const std::string& command_id, Seq made) const {
    return protocol::reply_ok_json(command_id, R"({"id":")" + id(made) + R"("})");
}

Result<CommandResult> Hub::subscribe(CommandContext context, const protocol::Command& command) {
    auto channels = channels_of(command);
    if (!channels) return channels.error();
    const json data = object_of(command);
    const bool presence = data.value("presence", json(false)) == json(true);
    Session& session = *context.session;
    // Those it holds already cost nothing: a client may ask again for all that it has.
    const auto added = std::count_if(channels->begin(), channels->end(), [&](const std::string& channel) {
        const TargetInfo* target = targets_.find({TargetKind::channel, channel});
        return target == nullptr || session.intervals.find_open(target->id) == nullptr;
    });
    if (session.channels.size() + static_cast<std::size_t>(added) > settings_.channels_per_session)
        return Error{"limit", "a session may hold " + std::to_string(settings_.channels_per_session) + " channels"};
    const std::size_t first = batch_.size();
    std::vector<std::string> joined;
    Seq at = 0;
    const auto ensure = [&](TargetInfo& target) {
        if (const Interval* open = session.intervals.find_open(target.id)) {
            at = std::max(at, open->from);
            return false;
        }
        at = append_control(Kind::subscribed, session, &target, "subscribed");
        add_interval(session, target, at);
        return true;
    };
    for (const auto& channel : *channels) {
        auto& target = targets_.of({TargetKind::channel, channel});
        if (ensure(target)) {
            join(session, target, wall_);
            joined.push_back(channel);
        }
        if (presence) ensure(targets_.of({TargetKind::presence, channel}));
    }
    set_origin(context, command, first);
    for (const auto& channel : joined) note_presence("presence.joined", session, channel);
    return CommandResult{{}, std::max(at, appended()), at};
}

Result<CommandResult> Hub::unsubscribe(CommandContext context, const protocol::Command& command) {
    auto channels = channels_of(command);
    if (!channels) return channels.error();
    Session& session = *context.session;
    const std::size_t first = batch_.size();
    std::vector<std::string> left;
    Seq at = 0;
    for (const auto& channel : *channels) {
        for (const auto kind : {TargetKind::presence, TargetKind::channel}) {
            TargetInfo* target = targets_.find({kind, channel});
            if (target == nullptr || session.intervals.find_open(target->id) == nullptr) continue;
            const Seq seq = append_control(Kind::unsubscribed, session, target, "unsubscribed");
            close_interval(session, *target, seq);
            at = seq;
            if (kind == TargetKind::channel) {
                part(session, *target);
                left.push_back(channel);
            }
        }
    }
    set_origin(context, command, first);
    for (const auto& channel : left) note_presence("presence.left", session, channel);
    if (at == 0) return CommandResult{protocol::reply_ok_json(command.id, R"({"id":null})"), appended()};
    return CommandResult{{}, appended(), at};
}

Seq Hub::append_publish(const protocol::Publish& message) {
    using To = protocol::Publish::To;
    std::string head = R"("type":)";
    protocol::append_json_string(head, message.type);
    journal::Target name{TargetKind::everyone, {}};
    if (message.to == To::channel) {
        name = {TargetKind::channel, message.name};
        head += R"(,"channel":)";
        protocol::append_json_string(head, message.name);
    } else if (message.to == To::player) {
        name = {TargetKind::player, message.name};
    }
    counters_.add(stats::Counter::published);
    return append_message(targets_.of(name), std::move(head), message.data, message.key);
}

Result<CommandResult> Hub::publish_command(CommandContext context, const protocol::Command& command) {
    auto message = protocol::parse_publish(command.data);
    if (!message) return message.error();
    const std::size_t first = batch_.size();
    const Seq seq = append_publish(*message);
    set_origin(context, command, first);
    return CommandResult{{}, seq, seq};
}

Result<Hub::Published> Hub::publish(std::vector<protocol::Publish> messages, const std::string& key,
                                    std::uint64_t fingerprint, std::string_view trace_id) {
    if (!key.empty()) {
        if (const auto it = keyed_.find(key); it != keyed_.end()) {
            if (it->second.fingerprint != fingerprint)
                return Error{"idempotency_conflict", "this Idempotency-Key was used with another body"};
            return Published{it->second.seqs, it->second.seqs.back()};
        }
    }
    if (journal_.ring().room(appended()) < messages.size())
        return Error{"overloaded", "the server cannot keep up; publish it again a little later"};
    Published out;
    out.seqs.reserve(messages.size());
    const std::size_t told = events_.size();
    for (const auto& message : messages) {
        out.seqs.push_back(append_publish(message));
        if (key.empty()) continue;
        auto& record = batch_.back().record;
        record.origin = "key:" + key;
        record.fingerprint = fingerprint;
        record.origin_count = static_cast<std::uint32_t>(messages.size());
    }
    for (std::size_t i = told; i < events_.size(); ++i) events_[i].trace_id = trace_id;
    out.visible_at = out.seqs.back();
    if (!key.empty()) {
        keyed_[key] = {fingerprint, out.seqs};
        keyed_order_.emplace_back(out.seqs.back(), key);
    }
    return out;
}

Result<CommandResult> Hub::promote(CommandContext context, const protocol::Command& command) {
    const json data = object_of(command);
    const auto text = data.value("cursor", json()).is_string() ? data["cursor"].get<std::string>() : std::string();
    const auto cursor = parse_cursor(text);
    if (!cursor || cursor->epoch != journal_.epoch() || cursor->seq > journal_.ring().head())
        return Error{"bad_cursor", "`cursor` must be an id of this server's epoch, not beyond its head"};
    if (context.client == nullptr) return Error{"not_found", "promote needs the client_id of a connected client"};
    Connection* target = nullptr;
    const auto named = data.value("connection_id", json());
    for (Connection* c : context.client->wires) {
        if (c == nullptr) continue;
        if (named.is_string() ? c->connection_id == named.get<std::string>() : c->key == context.connection) target = c;
    }
    if (target == nullptr) return Error{"not_found", "this client has no such connection"};
    if (target->standby) {
        target->standby = false;
        counters_.add(stats::Counter::promotions);
        Connection* other = context.client->wires[target->wire == protocol::Wire::websocket ? 1 : 0];
        if (other != nullptr && !other->standby) {
            other->standby = true;
            Effect demote;
            demote.kind = Effect::Kind::demote;
            demote.loop = other->loop;
            demote.key = other->key;
            effects_.push_back(std::move(demote));
        }
    }
    context.client->state->acknowledge(cursor->seq, now_, true);
    Effect promote;
    promote.kind = Effect::Kind::promote;
    promote.loop = target->loop;
    promote.key = target->key;
    promote.cursor = cursor->seq;
    effects_.push_back(std::move(promote));
    const json reply{{"connection_id", target->connection_id}, {"cursor", text}};
    return CommandResult{protocol::reply_ok_json(command.id, reply.dump()), 0};
}

Result<CommandResult> Hub::presence(CommandContext, const protocol::Command& command) {
    const json channel = object_of(command).value("channel", json());
    if (!channel.is_string()) return Error{"bad_command", "`data` needs `channel`"};
    const auto& name = channel.get_ref<const std::string&>();
    if (!protocol::is_valid_channel(name)) return protocol::bad_channel();
    return CommandResult{protocol::reply_ok_json(command.id, presence_json(name)), 0};
}

}  // namespace mythos::hub
