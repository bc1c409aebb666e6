#include "hub/application.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hub/node_shared.hpp"
#include "protocol/json_text.hpp"

namespace mythos::hub {

namespace {

protocol::Command command_for(const char* type, const std::vector<std::string>& channels, bool presence) {
    protocol::Command command;
    command.type = type;
    command.data = protocol::print_json({{"channels", channels}, {"presence", presence}});
    return command;
}

Error no_session() { return {"not_found", "this player has no session"}; }

}  // namespace

template <class F>
auto Application::decide(F&& f) {
    std::vector<Effect> effects;
    std::vector<HubEvent> events;
    auto result = [&] {
        const std::lock_guard lock(node_.mutex);
        node_.hub.begin(node_.clock.mono(), node_.clock.wall());
        auto made = f(node_.hub);
        node_.hub.end(effects);
        events = node_.hub.take_events();
        return made;
    }();
    node_.send(std::move(effects), kEveryLoop);
    node_.tell(events);
    return result;
}

template <class F>
auto Application::ask(F&& f) const {
    const std::lock_guard lock(node_.mutex);
    return f(node_.hub);
}

Result<std::vector<Seq>> Application::publish(std::vector<protocol::Publish> messages) {
    if (messages.empty()) return std::vector<Seq>();
    return decide([&](Hub& hub) -> Result<std::vector<Seq>> {
        if (messages.size() > node_.settings.batch_max)
            return Error{"too_big", "at most " + std::to_string(node_.settings.batch_max) + " messages in a batch"};
        auto made = hub.publish(std::move(messages), {}, 0);
        if (!made) return made.error();
        return std::move(made->seqs);
    });
}

std::size_t Application::disconnect(const Hub::DisconnectWho& who) {
    return decide([&](Hub& hub) { return hub.disconnect(who); });
}

Result<Hub::NewSession> Application::replace_session(const std::string& player_id) {
    return decide([&](Hub& hub) { return hub.replace_session(player_id); });
}

Result<void> Application::subscribe(const std::string& player_id, const std::vector<std::string>& channels,
                                    bool presence) {
    return decide([&](Hub& hub) -> Result<void> {
        const CommandContext context = hub.context_of_player(player_id);
        if (context.session == nullptr) return no_session();
        const auto made = hub.subscribe(context, command_for("subscribe", channels, presence));
        return made ? Result<void>() : made.error();
    });
}

Result<void> Application::unsubscribe(const std::string& player_id, const std::vector<std::string>& channels) {
    return decide([&](Hub& hub) -> Result<void> {
        const CommandContext context = hub.context_of_player(player_id);
        if (context.session == nullptr) return no_session();
        const auto made = hub.unsubscribe(context, command_for("unsubscribe", channels, false));
        return made ? Result<void>() : made.error();
    });
}

std::string Application::connections_json(const std::string& player_id) const {
    return ask([&](Hub& hub) { return hub.connections_json(player_id); });
}

std::string Application::channels_json() const {
    return ask([](Hub& hub) { return hub.channels_json(); });
}

std::string Application::presence_json(const std::string& channel) const {
    return ask([&](Hub& hub) { return hub.presence_json(channel); });
}

std::string Application::all_connections_json() const {
    return ask([](Hub& hub) { return hub.all_connections_json(); });
}

std::size_t Application::sessions() const {
    return ask([](Hub& hub) { return hub.sessions(); });
}

std::size_t Application::connections() const {
    return ask([](Hub& hub) { return hub.connections(); });
}

bool Application::has_room() const {
    return ask([this](Hub& hub) { return hub.connections() < node_.settings.connections_max; });
}

Hub::Numbers Application::numbers() const {
    return ask([](Hub& hub) { return hub.numbers(); });
}

std::unordered_map<ConnectionKey, Hub::ConnectionNames> Application::names_of(
    std::span<const ConnectionKey> keys) const {
    constexpr std::size_t kAtOnce = 100;
    std::unordered_map<ConnectionKey, Hub::ConnectionNames> names;
    for (; !keys.empty(); keys = keys.subspan(std::min(kAtOnce, keys.size()))) {
        ask([&](Hub& hub) {
            for (const ConnectionKey key : keys.first(std::min(kAtOnce, keys.size())))
                if (auto found = hub.names_of(key)) names.emplace(key, std::move(*found));
        });
    }
    return names;
}

std::vector<ConnectionKey> Application::keys_of(const std::string& player_id) const {
    return ask([&](Hub& hub) { return hub.keys_of(player_id); });
}

std::optional<std::string> Application::channel_name(TargetId target) const {
    return ask([&](Hub& hub) { return hub.channel_name(target); });
}

void Application::each_session(const Hub::TellSession& tell) const {
    Hub::SessionsPlace place;
    while (!ask([&](Hub& hub) { return hub.tell_sessions(place, tell); })) {}
}

std::shared_ptr<stats::HistogramShard> Application::connections_per_session() const {
    return ask([](Hub& hub) { return hub.connections_per_session(); });
}

const std::string& Application::epoch() const { return node_.journal.epoch(); }

Handlers& Application::handlers() { return node_.handlers; }

}  // namespace mythos::hub
