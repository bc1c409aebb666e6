// The part of a loop that answers the server's HTTP API.
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "hub/loop_impl.hpp"
#include "protocol/json_text.hpp"
#include "protocol/ws_close.hpp"

namespace mythos::hub {

using nlohmann::json;
using stats::Counter;

namespace {

std::uint64_t hash_of(std::string_view text) {
    std::uint64_t h = 14695981039346656037ULL;
    for (unsigned char c : text) h = (h ^ c) * 1099511628211ULL;
    return h;
}

// A close code that may be sent, as JSON has whole numbers: 4000 and 4000.0.
std::optional<protocol::CloseCode> close_code_in(const json& value) {
    if (!value.is_number()) return std::nullopt;
    const auto number = value.get<double>();
    if (number < 1000 || number > 4999 || number != std::floor(number)) return std::nullopt;
    const auto code = static_cast<std::uint16_t>(number);
    if (!protocol::ws_close_code_may_travel(code)) return std::nullopt;
    return static_cast<protocol::CloseCode>(code);
}

Result<Hub::DisconnectWho> read_disconnect(const std::string& body) {
    const json parsed = protocol::is_valid_json(body) ? json::parse(body) : json();
    Hub::DisconnectWho who;
    int named = 0;
    const auto read_name = [&](const char* name, std::string& into) {
        if (!parsed.contains(name)) return true;
        ++named;
        if (parsed[name].is_string()) into = parsed[name].get<std::string>();
        return !into.empty();
    };
    const bool has_names = parsed.is_object() && read_name("player", who.player_id) &&
                           read_name("session_id", who.session_id) && read_name("connection_id", who.connection_id);
    if (!has_names || named != 1)
        return Error{"bad_request", "name one of player, session_id and connection_id, by a text"};
    const json reason = parsed.value("reason", json(""));
    if (!reason.is_string()) return Error{"bad_request", "the reason is a text"};
    who.reason = reason.get<std::string>();
    const auto code = close_code_in(parsed.value("code", json(number(protocol::CloseCode::displaced))));
    if (!code) return Error{"bad_request", "the code is a close code that may be sent"};
    who.code = *code;
    return who;
}

}  // namespace

Answer error_answer(int status, std::string_view error_type, std::string_view error_code, std::string_view message,
                    WallTime now, std::optional<std::size_t> index) {
    Answer out;
    out.status = status;
    out.error_code = error_code;
    json details{{"error_code", error_code}};
    if (index) details["index"] = *index;
    out.body = protocol::print_json({{"error", true},
                                     {"error_type", error_type},
                                     {"message", message},
                                     {"details", std::move(details)},
                                     {"timestamp", iso8601(now)}});
    return out;
}

// The position that a page of history ends below.
Result<Seq> LoopCore::Impl::history_end(const std::string& before) const {
    if (before.empty()) return kStillOpen;
    const auto cursor = parse_cursor(before);
    if (!cursor || cursor->epoch != node.journal.epoch())
        return Error{"bad_cursor", "`before` must be an id of this server's epoch"};
    return cursor->seq;
}

std::string LoopCore::Impl::history_json(TargetId target, const std::string& channel, Seq before,
                                         std::size_t limit) const {
    bool more = false;
    auto entries = delivery.history(target, before, std::min(std::max<std::size_t>(limit, 1), kHistoryMax), more);
    std::size_t bytes = 0;
    std::size_t skipped = entries.size();
    // One at least, however long, or a client could not page past it.
    while (skipped > 0 && (bytes == 0 || bytes + entries[skipped - 1].size() <= kHistoryBytesMax))
        bytes += entries[--skipped].size();
    std::string out = R"({"channel":)";
    protocol::append_json_string(out, channel);
    out += R"(,"entries":[)";
    for (std::size_t i = skipped; i < entries.size(); ++i) {
        if (i > skipped) out += ',';
        out += entries[i];
    }
    out += more || skipped > 0 ? R"(],"more":true})" : R"(],"more":false})";
    return out;
}

std::string LoopCore::Impl::counters_json() const {
    json out = json::object();
    for (std::size_t i = 0; i < stats::kCounters; ++i) {
        const auto counter = static_cast<Counter>(i);
        out[std::string(stats::name_of(counter))] = node.count(counter);
    }
    return out.dump();
}

void LoopCore::post_publish(std::string body, std::string idempotency_key, MonoTime, AnswerTo answer,
                            std::string trace_id) {
    Impl& impl = *impl_;
    std::optional<std::size_t> bad_index;
    auto parsed = protocol::parse_publish_body(body, impl.settings.batch_max, &bad_index);
    if (!parsed) {
        const auto& error = parsed.error();
        const int status = error.code == "too_big" ? 413 : 400;
        return answer(error_answer(status, "validation_error", error.code, error.message, impl.wall(), bad_index));
    }
    auto request = std::make_shared<protocol::PublishBody>(std::move(*parsed));
    impl.operate([&impl, request, key = std::move(idempotency_key), fingerprint = hash_of(body),
                  trace_id = std::move(trace_id), answer](Hub& hub) {
        auto made = hub.publish(std::move(request->messages), key, fingerprint, trace_id);
        if (!made) {
            const auto& [code, message] = made.error();
            const bool later = code == "overloaded";
            auto refusal = error_answer(later ? 503 : 409, later ? "system_error" : "validation_error", code, message,
                                        impl.wall());
            if (later) refusal.headers.emplace_back("Retry-After", "1");
            impl.after_unlock_.push_back([answer, refusal = std::move(refusal)] { answer(refusal); });
            return;
        }
        std::string text = request->batch ? R"({"ids":[)" : R"({"id":)";
        for (std::size_t i = 0; i < made->seqs.size(); ++i) {
            if (i > 0) text += ',';
            text.append("\"").append(impl.delivery.id(made->seqs[i])).append("\"");
        }
        text += request->batch ? "]}" : "}";
        impl.when_visible(made->visible_at, [answer, text = std::move(text)]() mutable {
            Answer out;
            out.body = std::move(text);
            answer(std::move(out));
        });
    });
}

void LoopCore::post_session(std::string player_id, MonoTime, AnswerTo answer) {
    Impl& impl = *impl_;
    impl.operate([&impl, player_id = std::move(player_id), answer](Hub& hub) {
        const auto made = hub.replace_session(player_id);
        if (!made) {
            auto refusal = error_answer(503, "system_error", made.error().code, made.error().message, impl.wall());
            refusal.headers.emplace_back("Retry-After", "5");
            impl.after_unlock_.push_back([answer, refusal = std::move(refusal)] { answer(refusal); });
            return;
        }
        Answer out;
        out.body =
            json{{"session_id", made->session_id}, {"previous_connections_disconnected", made->disconnected}}.dump();
        impl.when_visible(made->visible_at, [answer, out = std::move(out)] { answer(out); });
    });
}

void LoopCore::post_disconnect(std::string body, MonoTime, AnswerTo answer) {
    Impl& impl = *impl_;
    auto who = read_disconnect(body);
    if (!who) return answer(error_answer(400, "validation_error", who.error().code, who.error().message, impl.wall()));
    impl.operate([&impl, who = std::move(*who), answer](Hub& hub) {
        Answer out;
        out.body = json{{"disconnected", hub.disconnect(who)}}.dump();
        impl.after_unlock_.push_back([answer, out = std::move(out)] { answer(out); });
    });
}

// Reads under the sequencer's mutex; answers outside it.
void LoopCore::Impl::ask_hub(std::function<std::string(Hub&)> question, AnswerTo answer) {
    operate([this, question = std::move(question), answer = std::move(answer)](Hub& hub) {
        Answer out;
        try {
            out.body = question(hub);
        } catch (const std::exception& fault) {
            note_fault(fault.what());
            out = error_answer(500, "system_error", "server_fault", "the server could not answer that", wall());
        }
        after_unlock_.push_back([answer, out = std::move(out)] { answer(out); });
    });
}

void LoopCore::get_connections(std::string player_id, MonoTime, AnswerTo answer) {
    impl_->ask_hub([player_id](Hub& hub) { return hub.connections_json(player_id); }, std::move(answer));
}

void LoopCore::get_statistics(MonoTime, AnswerTo answer) {
    impl_->ask_hub([impl = impl_.get()](Hub& hub) { return hub.statistics_json(impl->counters_json()); },
                   std::move(answer));
}

void LoopCore::get_channels(MonoTime, AnswerTo answer) {
    impl_->ask_hub([](Hub& hub) { return hub.channels_json(); }, std::move(answer));
}

void LoopCore::get_presence(std::string channel, MonoTime, AnswerTo answer) {
    impl_->ask_hub([channel](Hub& hub) { return hub.presence_json(channel); }, std::move(answer));
}

void LoopCore::get_history(std::string channel, std::uint32_t limit, std::optional<std::string> before, MonoTime,
                           AnswerTo answer) {
    Impl& impl = *impl_;
    const auto below = impl.history_end(before.value_or(""));
    if (!below)
        return answer(error_answer(400, "validation_error", below.error().code, below.error().message, impl.wall()));
    impl.operate([&impl, channel = std::move(channel), limit, below = *below, answer](Hub& hub) {
        const TargetId target = hub.channel_target(channel);
        impl.when_visible(hub.appended(), [&impl, target, channel, below, limit, answer] {
            Answer out;
            out.body = impl.history_json(target, channel, below, limit);
            answer(std::move(out));
        });
    });
}

}  // namespace mythos::hub
