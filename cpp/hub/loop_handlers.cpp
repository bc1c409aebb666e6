// The part of a loop that hands commands to the application and tells their senders what came of it.
//
// A command counts as running from the hand-over to the answer. Repeats of it, on whatever wire and loop they come,
// wait for the same answer. Its session may end meanwhile: then nobody is left to be told, but for a POST, which holds
// its own way back.
#include "hub/loop_impl.hpp"

namespace mythos::hub {

using protocol::Command;
using stats::Counter;

namespace {

constexpr std::size_t kRepeatsMax = 8;  // of one command that wait at one loop: two wires and a few POSTs

std::string key_of(const CommandNames& names, std::uint64_t number) {
    return names.session_id + '/' + names.client_id + '/' + std::to_string(number);
}

}  // namespace

bool LoopCore::ask(std::string question, std::string data, std::function<void(const HandlerAnswer&)> answer) {
    return impl_->ask(std::move(question), std::move(data), std::move(answer));
}

bool LoopCore::Impl::ask(std::string question, std::string data, std::function<void(const HandlerAnswer&)> answer) {
    HandlerCall call;
    call.type = std::move(question);
    call.data = std::move(data);
    const auto ticket = offer(std::move(call));
    if (ticket) asked_.emplace(*ticket, std::move(answer));
    return ticket.has_value();
}

std::optional<Ticket> LoopCore::Impl::offer(HandlerCall call) {
    call.ticket = node.handlers.next_ticket(index);
    const Ticket ticket = call.ticket;
    if (!node.handlers.offer(std::move(call), settings.handler_calls_max)) return std::nullopt;
    offered_ = true;
    return ticket;
}

bool LoopCore::Impl::hand_over(const CommandContext& context, const Command& command, ReplyTo reply) {
    HandlerCall call;
    call.command_id = command.id;
    call.type = command.type;
    call.data = command.data;
    call.player_id = context.session->player->player_id();
    call.session_id = context.session->session_id;
    if (context.client != nullptr) call.client_id = context.client->client_id;
    HandedOver handed{
        {call.session_id, call.client_id, context.connection}, command.id,      command.number, command.fingerprint,
        !command.id.empty() && context.client != nullptr,      std::move(reply)};
    const auto ticket = offer(std::move(call));
    if (ticket) handed_over_.emplace(*ticket, std::move(handed));
    return ticket.has_value();
}

bool LoopCore::Impl::await_outcome(const CommandNames& names, const Command& command, ReplyTo reply) {
    const std::string key = key_of(names, command.number);
    if (repeats_.count(key) >= kRepeatsMax) return false;
    repeats_.emplace(key, std::move(reply));
    node.handlers.repeat_waits(1);
    return true;
}

void LoopCore::Impl::take_answers() {
    auto answers = std::make_shared<std::vector<HandlerAnswer>>();
    for (HandlerAnswer& answer : node.handlers.take_answers(index)) {
        if (const auto asked = asked_.extract(answer.ticket); !asked.empty())
            asked.mapped()(answer);
        else
            answers->push_back(std::move(answer));
    }
    if (!answers->empty()) {
        operate([this, answers](Hub& hub) {
            for (const HandlerAnswer& answer : *answers) settle(hub, answer);
        });
    }
    for (const SettledCommand& settled : node.handlers.take_settled(index)) {
        const auto [from, to] = repeats_.equal_range(settled.key);
        for (auto it = from; it != to; ++it) {
            when_visible(settled.visible_at, [reply = it->second, text = settled.reply] { reply(text); });
            node.handlers.repeat_waits(-1);
        }
        repeats_.erase(from, to);
    }
}

// What the handler published before it answered is visible before its sender reads the reply.
void LoopCore::Impl::settle(Hub& hub, const HandlerAnswer& answer) {
    const auto found = handed_over_.extract(answer.ticket);
    if (found.empty()) return;
    const HandedOver& handed = found.mapped();
    const bool done = answer.kind == HandlerAnswer::Kind::done;
    const bool refused = answer.kind == HandlerAnswer::Kind::refused;
    if (!done) count_command_error(answer.error.code);
    if (!done && handed.id.empty()) counters.add(Counter::command_error_fire_and_forget);
    std::string text = done ? protocol::reply_ok_json(handed.id, answer.data)
                            : protocol::reply_error_json(handed.id, answer.error, refused);
    const Seq visible_at = hub.appended();
    if (handed.remembered) {
        const CommandContext now = hub.same_context(handed.names);
        if (now.client != nullptr && refused) {
            now.client->outcomes.forget(handed.number);
        } else if (now.client != nullptr) {
            now.client->outcomes.finish(handed.number, handed.fingerprint,
                                        {visible_at, 0, std::make_unique<const std::string>(text)},
                                        settings.command_outcomes);
        }
        node.handlers.settle({key_of(handed.names, handed.number), text, visible_at});
    }
    if (handed.id.empty()) return;
    auto tell = [reply = handed.reply, text = std::move(text)] { reply(text); };
    if (visible_at <= delivery.position())
        after_unlock_.push_back(std::move(tell));
    else
        when_visible(visible_at, std::move(tell));
}

}  // namespace mythos::hub
