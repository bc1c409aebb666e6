// The part of a loop that carries out clients' commands and answers them once.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "hub/loop_impl.hpp"
#include "hub/mutants.hpp"
#include "protocol/delay_view.hpp"
#include "stats/faults.hpp"

namespace mythos::hub {

using nlohmann::json;
using protocol::CloseCode;
using protocol::Command;
using stats::Counter;

namespace {

constexpr std::uint64_t kHistoryPage = 50;
// Of a report of delays, between two heartbeats: what is more is no measurement.
constexpr double kReportedDelayMsMax = 60'000;
constexpr std::uint64_t kReportedEntriesMax = 1'000'000;

bool is_retryable(const std::string& code) {
    return code == "overloaded" || code == "too_many_outstanding" || code == "draining" || code == "rate_limited";
}

const Error kTooManyReadings{"too_many_outstanding", "wait for the answers to your `history` and `presence` commands"};

const Error kRateLimited{"rate_limited", "this player asks more often than limits.requests allows; send it later"};

// Reading twice does no harm, so the answers are not remembered.
bool is_reading(std::string_view type) { return type == "history" || type == "presence"; }

// Refused before execution: not remembered, and the sender may try again.
bool is_refusal(const std::string& code) { return is_retryable(code) || code == "unauthorised"; }

}  // namespace

void LoopCore::received(ConnectionKey key, std::string_view text, MonoTime now) {
    Stream* stream = impl_->find(key);
    if (stream == nullptr || !stream->welcomed) return;
    stream->heard = now;
    impl_->counters.add(Counter::received_websocket);
    if (text.starts_with('{')) {
        std::optional<std::string> id;
        auto command = protocol::parse_command(text, &id);
        return impl_->command(key, {std::move(id), std::move(command)}, now);
    }
    auto parsed = protocol::parse_commands(text, kCommandsPerMessage);
    if (!parsed) {
        impl_->bad_command(*stream, parsed.error(), now);
        return;
    }
    for (auto& one : *parsed) impl_->command(key, std::move(one), now);
}

void LoopCore::Impl::command(ConnectionKey key, protocol::ParsedCommand parsed, MonoTime now) {
    Stream* stream = find(key);
    if (stream == nullptr) return;
    if (!parsed.command) return bad_command(*stream, parsed.command.error(), now);
    if (parsed.command->type == "ack") {
        const auto& id = parsed.command->id;
        const bool taken =
            take_ack(*stream->client, stream->session, stream->base, *parsed.command, now, sender_of(*stream));
        if (taken) stream->events.acknowledged(now, stream->client->acked());
        if (id.empty()) return;
        if (taken) return tell(key, protocol::reply_ok_json(id, {}));
        return tell(
            key, protocol::reply_error_json(id, {"bad_cursor", "`cursor` must be an id that this server sent"}, false));
    }
    const bool reads = is_reading(parsed.command->type) && !parsed.command->id.empty();
    if (reads && (stream->readings >= kReadingsMax || delivery.is_full_of_replies(*stream))) {
        note_command_error(kTooManyReadings, parsed.command->type, sender_of(*stream));
        return tell(key, protocol::reply_error_json(parsed.command->id, kTooManyReadings, true));
    }
    stream->readings = static_cast<std::uint8_t>(stream->readings + reads);
    // Two words are what a std::function holds without an allocation.
    operate([this, at = commands_.size()](Hub& hub) { execute_received(hub, commands_[at]); });
    commands_.push_back({key, reads, std::move(*parsed.command)});
}

void LoopCore::Impl::execute_received(Hub& hub, ReceivedCommand& received) {
    const ConnectionKey key = received.key;
    const CommandContext context = hub.context_of(key);
    if (context.session == nullptr) return;  // its close is on its way
    ReplyTo reply = [this, key](std::string_view text, Seq behind) { tell(key, text, behind); };
    if (received.reads) {
        reply = [this, key](std::string_view text, Seq behind) {
            if (Stream* asking = find(key); asking != nullptr) --asking->readings;
            tell(key, text, behind);
        };
    }
    execute(hub, context, received.command, std::move(reply));
}

void LoopCore::Impl::tell(ConnectionKey key, std::string_view reply, Seq behind) {
    if (Stream* stream = find(key)) delivery.send_reply(*stream, reply, behind);
}

void LoopCore::Impl::bad_command(Stream& stream, const Error& error, MonoTime now) {
    note_command_error(error, {}, sender_of(stream));
    delivery.send_control(stream, protocol::reply_error_json(std::nullopt, error, false));
    const auto now_s = static_cast<std::uint32_t>(now.ns / 1'000'000'000);
    if (stream.bad_commands == 0 || now_s - stream.bad_since_s > 60) {
        stream.bad_since_s = now_s;
        stream.bad_commands = 0;
    }
    if (++stream.bad_commands < kBadCommandsMax) return;
    close(stream, CloseCode::policy, "ten unreadable commands in a minute", now);
    const ConnectionKey key = stream.key;
    operate([key](Hub& hub) { hub.leaving(key); });
}

bool LoopCore::Impl::take_ack(ClientState& client, SessionHandle session, Seq base, const Command& command,
                              MonoTime now, const observe::ErrorContext& who) {
    const json data = json::parse(command.data, nullptr, false);
    const auto text = data.is_object() && data.contains("cursor") && data["cursor"].is_string()
                          ? data["cursor"].get<std::string>()
                          : std::string();
    const auto cursor = parse_cursor(text);
    if (!cursor || cursor->epoch != node.journal.epoch() || cursor->seq > node.journal.ring().head()) {
        errors.record(Counter::dropped_ack_ignored, who);
        return false;
    }
    // Of a first one it is known where it begins only by the stream that it came on.
    const Seq before = client.acked();
    client.acknowledge(cursor->seq, now, true);
    const Seq after = before > 0 ? before : base;
    if (after > 0 && after < cursor->seq) acked_.push_back({session, after, cursor->seq, now});
    if (const auto stats = data.find("stats"); stats != data.end() && stats->is_object())
        if (const auto delays = stats->find("delivery_ms"); delays != stats->end()) take_report(*delays);
    return true;
}

// What a client says is its own: it is taken where it can be true, and a client cannot say more than so much.
void LoopCore::Impl::take_report(const json& delays) {
    const auto is_group = [](const json& group) {
        return group.is_array() && group.size() == 2 && group[0].is_number() && group[0].get<double>() >= 0 &&
               group[0].get<double>() <= kReportedDelayMsMax && group[1].is_number_unsigned() &&
               group[1].get<std::uint64_t>() <= kReportedEntriesMax;
    };
    if (!delays.is_array() || delays.size() > protocol::DelayView::kGroupsMax ||
        !std::all_of(delays.begin(), delays.end(), is_group))
        return counters.add(Counter::dropped_report_ignored);
    for (const json& group : delays)
        latencies[stats::Latency::client_delay].record(
            Duration{static_cast<std::int64_t>(group[0].get<double>() * 1e6)}, group[1].get<std::uint64_t>());
}

void LoopCore::Impl::measure_acks() {
    for (const Acked& acked : acked_) delivery.measure_ack(acked.session, acked.after, acked.upto, acked.at);
    acked_.clear();
}

void LoopCore::Impl::execute(Hub& hub, const CommandContext& context, Command& command, ReplyTo reply) {
    using Verdict = Outcomes::Verdict;
    if (command.id.empty()) reply = [](std::string_view, Seq) {};  // fire-and-forget, on either wire
    const auto refuse = [&](const Error& error) {
        note_command_error(error, command.type, sender_of(context));
        if (command.id.empty()) counters.add(Counter::command_error_fire_and_forget);
        auto text = protocol::reply_error_json(command.id, error, is_retryable(error.code));
        after_unlock_.push_back([reply, text = std::move(text)] { reply(text, 0); });
    };
    const bool remembered = is_remembered(context, command);
    if (remembered) {
        auto& outcomes = context.client->outcomes;
        switch (outcomes.begin(command.number, command.fingerprint, settings.commands_outstanding)) {
            case Verdict::execute:
                break;
            case Verdict::repeat: {
                const auto& told = outcomes.told(command.number);
                if (mutant(Mutant::execute_running_duplicate) && told.visible_at > delivery.position()) break;
                std::string text = told.text ? *told.text : hub.reply_with_id(command.id, told.made);
                const Seq behind = told.made == 0 ? told.visible_at : 0;  // a handler's, or it appended nothing
                return when_visible(told.visible_at, [reply, behind, text = std::move(text)] { reply(text, behind); });
            }
            case Verdict::running: {
                if (await_outcome(context, command, reply)) return;
                return refuse({"too_many_outstanding", "this command is running, and is waited for often enough"});
            }
            case Verdict::stale:
                return refuse({"stale_id", "this command's outcome is forgotten; it is not executed again"});
            case Verdict::conflict:
                return refuse({"id_conflict", "another command was sent with this id; use a new number"});
            case Verdict::too_many:
                return refuse({"too_many_outstanding", "wait for some of your commands to be answered"});
        }
    }
    // Only what would be executed: a repeat is answered also by a server that shuts down.
    const auto refuse_unexecuted = [&](const Error& error) {
        if (remembered) context.client->outcomes.forget(command.number);
        refuse(error);
    };
    if (hub.draining()) return refuse_unexecuted({"draining", "the server is shutting down; send it again elsewhere"});
    if (!hub.has_room())
        return refuse_unexecuted({"overloaded", "the server cannot keep up; send it again a little later"});
    if (hub.take_turn(context.session->player->player_id()) > Duration{}) return refuse_unexecuted(kRateLimited);
    if (command.type == "history") return history(hub, context, command, std::move(reply));
    if (node.handlers.knows(command.type)) {
        if (hand_over(context, command, reply)) return;
        return refuse_unexecuted({"overloaded", "too many commands wait for the application; send it again later"});
    }
    Result<CommandResult> result = Error{"server_fault", "the server failed at this command"};
    try {
        result = run(hub, context, command);
    } catch (const std::exception& fault) { note_fault(fault.what()); }
    if (!result && is_refusal(result.error().code)) return refuse_unexecuted(result.error());
    if (!result) note_command_error(result.error(), command.type, sender_of(context));
    if (!result && command.id.empty()) counters.add(Counter::command_error_fire_and_forget);
    const Seq made = result ? result->made : 0;
    std::string text = !result     ? protocol::reply_error_json(command.id, result.error(), false)
                       : made != 0 ? hub.reply_with_id(command.id, made)
                                   : result->reply;
    const Seq visible_at = result && !mutant(Mutant::answer_before_commit) ? result->visible_at : 0;
    if (remembered && is_reading(command.type)) {
        context.client->outcomes.forget(command.number);
    } else if (remembered) {
        context.client->outcomes.finish(command.number, command.fingerprint,
                                        {visible_at, made, made == 0 ? std::make_unique<std::string>(text) : nullptr},
                                        settings.command_outcomes);
    }
    if (!command.id.empty()) when_visible(visible_at, [reply, text = std::move(text)] { reply(text, 0); });
}

Result<CommandResult> LoopCore::Impl::run(Hub& hub, const CommandContext& context, const Command& command) {
    if (command.type == "subscribe") return hub.subscribe(context, command);
    if (command.type == "unsubscribe") return hub.unsubscribe(context, command);
    if (command.type == "publish") {
        if (settings.players_may_publish) return hub.publish_command(context, command);
        return Error{"unauthorised", "players may not publish here; the server's players.may_publish says so"};
    }
    if (command.type == "promote") return hub.promote(context, command);
    if (command.type == "presence") return hub.presence(context, command);
    if (command.type == "ping") {
        const json data{{"ts", static_cast<double>(wall().ns / 1'000'000) / 1000.0}};
        return CommandResult{protocol::reply_ok_json(command.id, data.dump()), 0};
    }
    if (command.type == "refresh") return Error{"unauthorised", "authentication is off: there is no token to refresh"};
    return Error{"unknown_command", "this server has no command of that type"};
}

// Read from the index once everything appended before it is visible, so that a client
// finds in the history what it published before.
void LoopCore::Impl::history(Hub& hub, const CommandContext& context, const Command& command, ReplyTo reply) {
    const json data = json::parse(command.data, nullptr, false);
    const auto member = [&](const char* name) { return data.is_object() ? data.value(name, json()) : json(); };
    const json channel_given = member("channel"), before_given = member("before"), limit_given = member("limit");
    const std::string channel = channel_given.is_string() ? channel_given.get<std::string>() : "";
    const auto below = history_end(before_given.is_string() ? before_given.get<std::string>() : "");
    const std::uint64_t limit = limit_given.is_number_unsigned() ? limit_given.get<std::uint64_t>() : kHistoryPage;
    std::optional<Error> error;
    if (!channel_given.is_string())
        error = Error{"bad_command", "`data` needs `channel`"};
    else if (!protocol::is_valid_channel(channel))
        error = protocol::bad_channel();
    else if (!below)
        error = below.error();
    else if (!before_given.is_null() && !before_given.is_string())
        error = Error{"bad_cursor", "`before` must be an id"};
    else if (limit == 0 || !(limit_given.is_null() || limit_given.is_number_unsigned()))
        error = Error{"bad_command", "`limit` must be a whole number from 1"};
    const bool remembered = is_remembered(context, command);
    if (remembered) context.client->outcomes.forget(command.number);
    if (error) {
        note_command_error(*error, command.type, sender_of(context));
        if (command.id.empty()) counters.add(Counter::command_error_fire_and_forget);
        auto refusal = protocol::reply_error_json(command.id, *error, false);
        when_visible(0, [reply, refusal = std::move(refusal)] { reply(refusal, 0); });
        return;
    }
    const TargetId target = hub.channel_target(channel);
    when_visible(hub.appended(), [this, reply, id = command.id, target, channel, below = *below, limit] {
        reply(protocol::reply_ok_json(id, history_json(target, channel, below, limit)), 0);
    });
}

namespace {

// One POST in the making: replies come in any order, the answer in the order of asking.
struct Posted {
    std::vector<std::optional<std::string>> replies;
    std::size_t open = 0;
    AnswerTo answer;

    void settle(std::size_t at, std::string reply) {
        replies[at] = std::move(reply);
        if (--open == 0) finish();
    }
    void finish() {
        Answer out;
        out.body = "[";
        for (const auto& reply : replies) {
            if (!reply) continue;
            if (out.body.size() > 1) out.body += ',';
            out.body += *reply;
        }
        out.body += ']';
        answer(std::move(out));
    }
};

}  // namespace

// The answer to a POST none of whose commands may be looked at; the code says why.
Answer LoopCore::Impl::refuse_post(const Error& why) const {
    const int status = why.code == "session_replaced"  ? 409
                       : why.code == "session_expired" ? 410
                       : why.code == "foreign_session" ? 403
                                                       : 429;
    const Counter counter = why.code == "rate_limited" ? Counter::http_rate_limited : Counter::http_session;
    return error_answer(status, stats::error_type(counter), why.code, why.message, wall());
}

void LoopCore::Impl::post_commands(const PostedBy& by, const std::string& body, MonoTime now, AnswerTo answer) {
    auto parsed = protocol::parse_commands(body, kCommandsPerMessage);
    counters.add(Counter::received_http);
    if (!parsed) {
        note_command_error(parsed.error(), {},
                           {.player_id = by.player_id, .session_id = by.session_id, .trace_id = by.trace_id});
        const int status = parsed.error().code == "too_big" ? 413 : 400;
        return answer(error_answer(status, "validation_error", parsed.error().code, parsed.error().message, wall()));
    }
    auto commands = std::make_shared<std::vector<protocol::ParsedCommand>>(std::move(*parsed));
    operate([this, by, commands, now, answer](Hub& hub) { execute_posted(hub, by, *commands, now, answer); });
}

void LoopCore::Impl::execute_posted(Hub& hub, const PostedBy& by, std::vector<protocol::ParsedCommand>& commands,
                                    MonoTime now, const AnswerTo& answer) {
    auto context = hub.context_for_post(by.session_id, by.client_id, by.player_id);
    if (!context) {
        // Committed first: after a crash the session might not be replaced after all.
        return when_visible(hub.appended(), [this, answer, why = context.error()] { answer(refuse_post(why)); });
    }
    context->trace_id = by.trace_id;
    const auto is_ack = [](const auto& one) { return one.command && one.command->type == "ack"; };
    const Duration waits = hub.rate_wait(context->session->player->player_id());
    if (waits > Duration{} && !std::ranges::all_of(commands, is_ack)) {
        after_unlock_.push_back([answer, refusal = refuse_post(kRateLimited), waits]() mutable {
            refusal.headers.emplace_back("Retry-After", std::to_string(whole_seconds(waits)));
            answer(std::move(refusal));
        });
        return;
    }
    auto posted = std::make_shared<Posted>();
    posted->replies.resize(commands.size());
    posted->open = commands.size() + 1;
    posted->answer = answer;
    std::size_t readings = 0;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        auto& one = commands[i];
        if (!one.command) {
            note_command_error(one.command.error(), {}, sender_of(*context));
            posted->settle(i, protocol::reply_error_json(one.id, one.command.error(), false));
        } else if (is_ack(one)) {
            if (context->client != nullptr)
                take_ack(*context->client->state, context->session->handle, 0, *one.command, now, sender_of(*context));
            --posted->open;
        } else if (is_reading(one.command->type) && !one.command->id.empty() && ++readings > kReadingsMax) {
            note_command_error(kTooManyReadings, one.command->type, sender_of(*context));
            posted->settle(i, protocol::reply_error_json(one.command->id, kTooManyReadings, true));
        } else {
            execute(hub, *context, *one.command,
                    [posted, i](std::string_view reply, Seq) { posted->settle(i, std::string(reply)); });
            if (one.command->id.empty()) --posted->open;
        }
    }
    when_visible(0, [posted] {
        if (--posted->open == 0) posted->finish();
    });
}

void LoopCore::post_commands(std::string session_id, std::string client_id, std::string body, MonoTime now,
                             AnswerTo answer, std::string player_id, std::string trace_id) {
    impl_->post_commands({std::move(session_id), std::move(client_id), std::move(player_id), std::move(trace_id)}, body,
                         now, std::move(answer));
}

}  // namespace mythos::hub
