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

constexpr std::size_t kRepeatsMax = 8;           // of one command that wait at one loop: two wires and a few POSTs
constexpr std::size_t kRepliesKept = 64 * 1024;  // of the buffer for replies, when it is empty

std::string key_of(const std::string& session_id, std::string_view client_id, std::uint64_t number) {
    return (session_id + '/').append(client_id) + '/' + std::to_string(number);
}

}  // namespace

bool LoopCore::answers(std::string_view question) const { return impl_->node.handlers.answers(question); }

bool LoopCore::ask(std::string question, std::string data, std::function<void(const HandlerAnswer&)> answer) {
    return impl_->ask(std::move(question), std::move(data), std::move(answer));
}

bool LoopCore::Impl::ask(std::string question, std::string data, std::function<void(const HandlerAnswer&)> answer) {
    auto call = std::make_shared<HandlerCall>();
    call->type = std::move(question);
    call->data = std::move(data);
    const auto ticket = offer(std::move(call));
    if (ticket) asked_.emplace(*ticket, std::move(answer));
    return ticket.has_value();
}

std::optional<Ticket> LoopCore::Impl::offer(std::shared_ptr<HandlerCall> call) {
    const auto ticket = node.handlers.offer(index, std::move(call), settings.handler_calls_max);
    if (ticket) offered_ = true;
    return ticket;
}

bool LoopCore::Impl::hand_over(const CommandContext& context, Command& command, ReplyTo reply) {
    auto call = std::make_shared<HandlerCall>();
    call->command_id = command.id;
    call->type = command.type;
    call->data = std::move(command.data);
    call->player_id = context.session->player->player_id();
    call->session_id = context.session->session_id;
    if (context.client != nullptr) call->client_id = context.client->client_id();
    call->trace_id = trace_of(context);
    const auto ticket = offer(call);
    if (!ticket) return false;
    const std::uint32_t place = place_of(*ticket);
    if (place >= handed_over_.size()) handed_over_.resize(place + 1);
    handed_over_[place] = {
        std::move(call), context.connection, command.number, command.fingerprint, is_remembered(context, command),
        std::move(reply)};
    return true;
}

bool LoopCore::Impl::await_outcome(const CommandContext& context, const Command& command, ReplyTo reply) {
    const std::string key = key_of(context.session->session_id, context.client->client_id(), command.number);
    if (repeats_.count(key) >= kRepeatsMax) return false;
    repeats_.emplace(key, std::move(reply));
    node.handlers.repeat_waits(1);
    return true;
}

void LoopCore::Impl::take_answers() {
    auto answers = node.handlers.take_answers(index);
    if (!asked_.empty()) {
        std::erase_if(answers, [this](const HandlerAnswer& answer) {
            const auto asked = asked_.extract(answer.ticket);
            if (!asked.empty()) asked.mapped()(answer);
            return !asked.empty();
        });
    }
    // Their places are free from here on, and the next command may take one before these are settled.
    std::vector<std::pair<HandedOver, HandlerAnswer>> answered;
    answered.reserve(answers.size());
    for (HandlerAnswer& answer : answers)
        answered.emplace_back(std::exchange(handed_over_[place_of(answer.ticket)], {}), std::move(answer));
    if (!answered.empty()) {
        operate([this, answered = std::move(answered)](Hub& hub) {
            for (const auto& [handed, answer] : answered) settle(hub, handed, answer);
        });
    }
    for (const SettledCommand& settled : node.handlers.take_settled(index)) {
        const auto [from, to] = repeats_.equal_range(settled.key);
        for (auto it = from; it != to; ++it) {
            when_visible(settled.visible_at,
                         [reply = it->second, settled] { reply(settled.reply, settled.visible_at); });
            node.handlers.repeat_waits(-1);
        }
        repeats_.erase(from, to);
    }
}

// What the handler published before it answered is visible before its sender reads the reply.
void LoopCore::Impl::settle(Hub& hub, const HandedOver& handed, const HandlerAnswer& answer) {
    const HandlerCall& call = *handed.call;
    const bool done = answer.kind == HandlerAnswer::Kind::done;
    const bool refused = answer.kind == HandlerAnswer::Kind::refused;
    if (!done)
        note_command_error(answer.error, call.type,
                           {.player_id = call.player_id, .session_id = call.session_id, .trace_id = call.trace_id});
    if (!done && call.command_id.empty()) counters.add(Counter::command_error_fire_and_forget);
    if (call.command_id.empty()) return;
    const std::size_t begin = reply_texts_.size();
    if (done)
        protocol::append_reply_ok(reply_texts_, call.command_id, answer.data.view());
    else
        reply_texts_ += protocol::reply_error_json(call.command_id, answer.error, refused);
    const std::string_view text = std::string_view(reply_texts_).substr(begin);
    const Seq visible_at = hub.appended();
    replies_.push_back({visible_at, text.size(), handed.reply});
    if (!handed.remembered) return;
    if (node.handlers.do_repeats_wait())
        node.handlers.settle({key_of(call.session_id, call.client_id, handed.number), std::string(text), visible_at});
    const CommandContext now = hub.same_context(call.session_id, call.client_id, handed.connection);
    if (now.client == nullptr) return;
    if (refused) return now.client->outcomes.forget(handed.number);
    now.client->outcomes.finish(handed.number, handed.fingerprint, visible_at, text, settings.command_outcomes);
}

// Positions only grow, so those that may be told come first.
void LoopCore::Impl::tell_handlers_replies() {
    std::size_t told = 0, begin = 0;
    while (told < replies_.size() && replies_[told].visible_at <= delivery.position()) {
        const WaitingReply& waiting = replies_[told++];
        const std::string_view text(reply_texts_.data() + begin, waiting.bytes);
        begin += waiting.bytes;
        try {
            waiting.reply(text, waiting.visible_at);
        } catch (const std::exception& fault) { note_fault(fault.what()); }
    }
    if (told == 0) return;
    replies_.erase(replies_.begin(), replies_.begin() + static_cast<std::ptrdiff_t>(told));
    reply_texts_.erase(0, begin);
    if (replies_.empty() && reply_texts_.capacity() > kRepliesKept) {
        std::string().swap(reply_texts_);
        std::vector<WaitingReply>().swap(replies_);
    }
}

}  // namespace mythos::hub
