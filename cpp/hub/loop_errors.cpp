// The part of a loop that records the errors of clients' commands, with who sent them.
#include <algorithm>
#include <array>

#include "hub/loop_impl.hpp"

namespace mythos::hub {

using stats::Counter;

void LoopCore::Impl::note_command_error(const Error& error, std::string_view type, const observe::ErrorContext& who) {
    // Nothing to destroy: a loop may outlive the statics of a Python program that exits while its threads publish.
    static constexpr std::array<std::pair<std::string_view, Counter>, 18> kCounters{{
        {"bad_json", Counter::command_error_bad_json},
        {"bad_command", Counter::command_error_bad_command},
        {"unknown_command", Counter::command_error_unknown_command},
        {"stale_id", Counter::command_error_stale_id},
        {"id_conflict", Counter::command_error_id_conflict},
        {"too_many_outstanding", Counter::command_error_too_many_outstanding},
        {"too_big", Counter::command_error_too_big},
        {"bad_cursor", Counter::command_error_bad_cursor},
        {"bad_channel", Counter::command_error_bad_channel},
        {"not_found", Counter::command_error_not_found},
        {"reserved_type", Counter::command_error_reserved_type},
        {"unauthorised", Counter::command_error_unauthorised},
        {"limit", Counter::command_error_limit},
        {"draining", Counter::command_error_draining},
        {"overloaded", Counter::command_error_overloaded},
        {"rate_limited", Counter::command_error_rate_limited},
        {"handler_failed", Counter::command_error_handler_failed},
        {"server_fault", Counter::command_error_server_fault},
    }};
    const auto it = std::ranges::find(kCounters, error.code, &std::pair<std::string_view, Counter>::first);
    const Counter counter = it == kCounters.end() ? Counter::command_error_other : it->second;
    if (stats::fault_of(counter) == nullptr) return counters.add(counter);
    observe::ErrorContext context = who;
    context.text = error.message;
    if (type.empty()) return errors.record(counter, context);
    errors.record(counter, context, {{"command", type}});
}

observe::ErrorContext LoopCore::Impl::sender_of(const Stream& stream) {
    const auto names = stream.outlet->names();
    return {.player_id = names.player_id,
            .session_id = names.session_id,
            .connection_id = names.connection_id,
            .trace_id = names.trace_id};
}

observe::ErrorContext LoopCore::Impl::sender_of(const CommandContext& context) {
    const Stream* stream = find(context.connection);
    return {.player_id = context.session->player->player_id(),
            .session_id = context.session->session_id,
            .connection_id = stream == nullptr ? std::string_view() : stream->outlet->names().connection_id,
            .trace_id = trace_of(context)};
}

std::string_view LoopCore::Impl::trace_of(const CommandContext& context) {
    if (context.connection == 0) return context.trace_id;
    const Stream* stream = find(context.connection);
    return stream == nullptr ? std::string_view() : stream->outlet->names().trace_id;
}

}  // namespace mythos::hub
