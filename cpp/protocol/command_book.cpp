#include "protocol/command_book.hpp"

#include <charconv>
#include <utility>

#include "protocol/earliest.hpp"
#include "protocol/json_text.hpp"

namespace mythos::protocol {
namespace {

std::string id_of(std::uint64_t number) { return "c-" + std::to_string(number); }

std::string command_text(std::uint64_t number, std::string_view rest) {
    return "{\"id\":\"" + id_of(number) + "\"," + std::string(rest);
}

// The text without its id, which is put before it when it is sent.
std::string text_after_id(std::string_view type, std::string_view data) {
    std::string text = "\"type\":";
    append_json_string(text, type);
    if (!data.empty()) text.append(",\"data\":").append(compact_json(data));
    return text + "}";
}

}  // namespace

CommandBook::CommandBook(const ClientConfig& config, Jitter& jitter, Outputs& outputs)
    : config_(config), jitter_(jitter), outputs_(outputs), next_number_(config.first_command) {}

Result<std::string> CommandBook::add(std::string_view type, std::string_view data) {
    if (type.empty()) return Error{"bad_command", "A command needs a type."};
    if (type == "ack" || type == "promote") return Error{"bad_command", "The client sends this type by itself."};
    if (!data.empty() && !is_valid_json(data)) return Error{"bad_command", "The data of a command must be JSON."};
    if (commands_.size() >= config_.commands_queued_max) {
        return Error{"too_many_commands", "Too many commands are waiting; send again after a reply."};
    }
    const auto number = next_number_++;
    Item item;
    item.text = text_after_id(type, data);
    commands_.emplace(number, std::move(item));
    ++queued_;
    return id_of(number);
}

CommandBook::Items::iterator CommandBook::find(std::string_view id) {
    std::uint64_t number = 0;
    if (id.substr(0, 2) != "c-") return commands_.end();
    const auto [end, error] = std::from_chars(id.data() + 2, id.data() + id.size(), number);
    if (error != std::errc{} || end != id.data() + id.size()) return commands_.end();
    if (const auto renamed = renamed_.find(number); renamed != renamed_.end()) number = renamed->second;
    return commands_.find(number);
}

std::string CommandBook::text_to_send(std::uint64_t number, Item& item) {
    auto name = number;
    if (config_.faults.new_id_on_resend && item.sends > 0) renamed_[name = next_number_++] = number;
    ++item.sends;
    --queued_;
    return command_text(name, item.text);
}

void CommandBook::flush(MonoTime now, const Route& route, const std::string& session_id, std::uint64_t& next_post_id) {
    if (queued_ == 0 || route.by == Route::By::none) return;
    if (route.by == Route::By::post) return post_due(now, session_id, next_post_id);
    const auto end = commands_.lower_bound(window_end());
    for (auto it = commands_.begin(); it != end; ++it) {
        Item& item = it->second;
        if (!is_due(item, now)) continue;
        item.at = At::websocket;
        item.carrier = route.attempt;
        outputs_.push_back(SendText{route.attempt, text_to_send(it->first, item)});
    }
}

void CommandBook::post_due(MonoTime now, const std::string& session_id, std::uint64_t& next_post_id) {
    std::vector<std::uint64_t> batch;
    std::size_t bytes = 0;
    const auto send = [&] {
        if (!batch.empty()) post(now, session_id, next_post_id++, std::exchange(batch, {}));
        bytes = 0;
    };
    const auto end = commands_.lower_bound(window_end());
    for (auto it = commands_.begin(); it != end; ++it) {
        const Item& item = it->second;
        if (!is_due(item, now)) continue;
        const bool full =
            batch.size() >= config_.post_commands_max || bytes + item.text.size() > config_.post_bytes_max;
        if (full || item.alone) send();
        batch.push_back(it->first);
        bytes += item.text.size();
        if (item.alone) send();
    }
    send();
}

void CommandBook::post(MonoTime now, const std::string& session_id, std::uint64_t post_id,
                       std::vector<std::uint64_t> numbers) {
    std::string body = "[";
    for (const auto number : numbers) {
        Item& item = commands_.at(number);
        item.at = At::post;
        item.carrier = post_id;
        if (body.size() > 1) body += ',';
        body += text_to_send(number, item);
    }
    outputs_.push_back(PostCommands{post_id, session_id, config_.client_id, body + "]"});
    posts_.emplace(post_id, Post{now + config_.post_timeout, std::move(numbers)});
}

void CommandBook::requeue(Item& item, MonoTime not_before) {
    if (item.at != At::queue) ++queued_;
    item.at = At::queue;
    item.not_before = not_before;
}

void CommandBook::carrier_lost(std::uint64_t attempt) {
    for (auto it = commands_.begin(); it != commands_.end();) {
        const auto here = it++;
        if (here->second.at != At::websocket || here->second.carrier != attempt) continue;
        if (config_.faults.forget_on_wire_death) {
            erase(here);
        } else {
            requeue(here->second, MonoTime{});
        }
    }
}

void CommandBook::reply(MonoTime now, const ReplyMessage& reply) {
    if (!reply.command_id) return;
    const auto it = find(*reply.command_id);
    if (it == commands_.end()) return;
    Item& item = it->second;
    if (!reply.ok && reply.retryable && item.retries < config_.command_retries_max) {
        // Refused before execution. Only with no other copy on its way is that the whole story.
        if (item.sends == 1) item.sends = 0;
        ++item.retries;
        requeue(item, now + jitter_.backoff(config_.command_backoff_first, config_.command_backoff_max, item.retries));
        return;
    }
    // The server has forgotten the number: an earlier copy may have been executed.
    if (reply.error_code == "stale_id" && item.sends > 1) return unknown_outcome(it, "stale_id");
    outputs_.push_back(CommandReply{id_of(it->first), reply.ok, reply.data, reply.error_code, reply.error_message});
    erase(it);
}

PostVerdict CommandBook::post_answered(MonoTime now, std::uint64_t post_id, int status, std::string_view body,
                                       std::optional<Duration> retry_after) {
    Post post;
    if (const auto it = posts_.find(post_id); it != posts_.end()) {
        post = std::move(it->second);
        posts_.erase(it);
    }
    if (status == 401) {
        post_failed(now, post, post_id, Duration{});
        return PostVerdict::unauthorised;
    }
    if (status == 409 || status == 410) {
        session_gone(post, post_id, status == 409 ? "session_replaced" : "session_expired");
        return status == 409 ? PostVerdict::session_replaced : PostVerdict::session_expired;
    }
    const bool refused = status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
    if (refused) {
        post_refused(post, post_id, status);
        return PostVerdict::fine;
    }
    if (status >= 200 && status < 300) {
        if (const auto replies = parse_replies(body)) {
            for (const auto& each : *replies) reply(now, each);
        }
    }
    post_failed(now, post, post_id, retry_after);
    return PostVerdict::fine;
}

CommandBook::Items::iterator CommandBook::find_in_post(std::uint64_t number, std::uint64_t post_id) {
    const auto it = commands_.find(number);
    if (it == commands_.end() || it->second.at != At::post || it->second.carrier != post_id) return commands_.end();
    return it;
}

// What the post still carries was not answered by it.
void CommandBook::post_failed(MonoTime now, const Post& post, std::uint64_t post_id,
                              std::optional<Duration> retry_after) {
    for (const auto number : post.numbers) {
        const auto it = find_in_post(number, post_id);
        if (it == commands_.end()) continue;
        Item& item = it->second;
        ++item.post_failures;
        requeue(item, now + retry_after.value_or(jitter_.backoff(config_.command_backoff_first,
                                                                 config_.command_backoff_max, item.post_failures)));
    }
}

// The request itself was at fault. One of several: each is tried by itself.
void CommandBook::post_refused(const Post& post, std::uint64_t post_id, int status) {
    for (const auto number : post.numbers) {
        const auto it = find_in_post(number, post_id);
        if (it == commands_.end()) continue;
        --it->second.sends;
        if (post.numbers.size() > 1) {
            it->second.alone = true;
            requeue(it->second, MonoTime{});
        } else if (it->second.sends > 0) {
            unknown_outcome(it, "http_" + std::to_string(status));
        } else {
            refuse(it, "http_" + std::to_string(status), "The server refused the request.");
        }
    }
}

// Nothing in this post was executed; what had only been sent by it has a known outcome.
void CommandBook::session_gone(const Post& post, std::uint64_t post_id, std::string_view reason) {
    for (const auto number : post.numbers) {
        const auto it = find_in_post(number, post_id);
        if (it == commands_.end() || it->second.sends > 1) continue;
        refuse(it, reason, "The session had ended; the command was not executed.");
    }
    abandon(reason, false);
}

void CommandBook::abandon(std::string_view reason, bool unsent_too) {
    posts_.clear();
    for (auto it = commands_.begin(); it != commands_.end();) {
        const auto here = it++;
        if (here->second.sends == 0) {
            if (unsent_too) refuse(here, reason, "The client stopped before the command was sent.");
        } else if (config_.faults.resend_into_new_session && !unsent_too) {
            requeue(here->second, MonoTime{});
        } else {
            unknown_outcome(here, reason);
        }
    }
}

void CommandBook::unknown_outcome(Items::iterator it, std::string_view reason) {
    outputs_.push_back(OutcomeUnknown{id_of(it->first), std::string(reason)});
    erase(it);
}

// A refusal of the client's own: the command was certainly not executed.
void CommandBook::refuse(Items::iterator it, std::string_view code, std::string_view message) {
    outputs_.push_back(CommandReply{id_of(it->first), false, "", std::string(code), std::string(message)});
    erase(it);
}

void CommandBook::erase(Items::iterator it) {
    if (it->second.at == At::queue) --queued_;
    commands_.erase(it);
}

void CommandBook::tick(MonoTime now) {
    for (auto it = posts_.begin(); it != posts_.end();) {
        if (it->second.deadline > now) {
            ++it;
            continue;
        }
        const auto post_id = it->first;
        const Post post = std::move(it->second);
        it = posts_.erase(it);
        post_failed(now, post, post_id, std::nullopt);
    }
}

std::optional<MonoTime> CommandBook::deadline(const Route& route) const {
    Earliest earliest;
    for (const auto& [id, post] : posts_) earliest.consider(post.deadline);
    if (queued_ > 0 && route.by != Route::By::none) {
        const auto end = commands_.lower_bound(window_end());
        for (auto it = commands_.begin(); it != end; ++it) {
            if (it->second.at == At::queue) earliest.consider(it->second.not_before);
        }
    }
    return earliest.value();
}

}  // namespace mythos::protocol
