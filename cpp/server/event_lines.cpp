#include "server/event_lines.hpp"

namespace mythos::server {
namespace {

void log_ended(observe::Log& log, const hub::HubEvent& event) {
    log.info(event.reason == journal::kReplaced ? "Session replaced" : "Session ended",
             {{"player_id", event.player_id},
              {"session_id", event.session_id},
              {"reason", event.reason},
              {"duration_ms", event.lasted.seconds() * 1e3},
              {"connections", event.connections}});
}

void log_message(observe::Log& log, const hub::HubEvent& event) {
    const bool to_player = event.target.kind == journal::TargetKind::player;
    const bool to_everyone = event.target.kind == journal::TargetKind::everyone;
    std::vector<observe::Field> fields{{to_player ? "player_id" : "channel",
                                        to_everyone ? std::string_view("*") : std::string_view(event.target.name)},
                                       {"message_id", event.message_id},
                                       {"message_type", event.message_type},
                                       {"message_size", event.message_bytes},
                                       {"sample_rate", event.sample_rate}};
    if (!event.trace_id.empty()) fields.emplace_back("trace_id", event.trace_id);
    log.write(observe::Level::info, "Message delivery attempt", fields);
}

}  // namespace

void log_event(observe::Log& log, const hub::HubEvent& event) {
    if (!log.enabled(observe::Level::info)) return;
    switch (event.kind) {
        case hub::HubEvent::Kind::session_opened:
            return log.info("Session opened", {{"player_id", event.player_id}, {"session_id", event.session_id}});
        case hub::HubEvent::Kind::session_ended:
            return log_ended(log, event);
        case hub::HubEvent::Kind::message_chosen:
            return log_message(log, event);
    }
}

}  // namespace mythos::server
