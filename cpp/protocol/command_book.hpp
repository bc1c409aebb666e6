// The commands of a client from `add` to their one outcome (docs/reference/protocol.md).
//
// Ids are `c-N` with growing N. A command is written on the WebSocket while that is
// live, else posted; when what carried it dies it is sent again, under the same id, so
// it is executed at most once. It never goes again into another session or epoch: then
// its outcome is unknown. Numbers are sent within a window, so that the server still
// remembers every unanswered one.
//
// Not thread-safe. Outputs SendText, PostCommands, CommandReply, OutcomeUnknown.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "protocol/client_config.hpp"
#include "protocol/client_output.hpp"
#include "protocol/jitter.hpp"
#include "protocol/server_message.hpp"

namespace mythos::protocol {

// Where a message of the client can go right now.
struct Route {
    enum class By : std::uint8_t { none, websocket, post } by = By::none;
    std::uint64_t attempt = 0;  // of the WebSocket
    friend bool operator==(const Route&, const Route&) = default;
};

// What a post's answer says about more than its own commands.
enum class PostVerdict : std::uint8_t { fine, session_replaced, session_expired, unauthorised };

class CommandBook {
public:
    CommandBook(const ClientConfig& config, Jitter& jitter, Outputs& outputs);

    // Queues a command. Errors: `bad_command`, `too_many_commands`.
    Result<std::string> add(std::string_view type, std::string_view data);

    // Sends what is due by `route`; `session_id` names the session in a post.
    void flush(MonoTime now, const Route& route, const std::string& session_id, std::uint64_t& next_post_id);

    // The WebSocket of `attempt` died or is in doubt: what it carried goes again.
    void carrier_lost(std::uint64_t attempt);

    void reply(MonoTime now, const ReplyMessage& reply);

    PostVerdict post_answered(MonoTime now, std::uint64_t post_id, int status, std::string_view body,
                              std::optional<Duration> retry_after);

    // Ends every command that was sent as OutcomeUnknown; with `unsent_too`, the others as refused.
    void abandon(std::string_view reason, bool unsent_too);

    void tick(MonoTime now);  // posts that were never answered
    std::optional<MonoTime> deadline(const Route& route) const;
    std::size_t size() const { return commands_.size(); }

private:
    enum class At : std::uint8_t { queue, websocket, post };
    struct Item {
        std::string text;  // the command's JSON object
        At at = At::queue;
        std::uint64_t carrier = 0;  // the WebSocket's attempt, or the post's id
        int sends = 0;              // copies whose fate is unknown
        int retries = 0;            // of refusals marked retryable
        int post_failures = 0;
        bool alone = false;  // posted by itself, after a post of several was refused
        MonoTime not_before;
    };
    struct Post {
        MonoTime deadline;
        std::vector<std::uint64_t> numbers;
    };
    using Items = std::map<std::uint64_t, Item>;

    Items::iterator find(std::string_view id);
    Items::iterator find_in_post(std::uint64_t number, std::uint64_t post_id);
    bool is_due(const Item& item, MonoTime now) const { return item.at == At::queue && item.not_before <= now; }
    std::uint64_t window_end() const { return commands_.begin()->first + config_.command_window; }
    std::string text_to_send(std::uint64_t number, Item& item);
    void post(MonoTime now, const std::string& session_id, std::uint64_t post_id, std::vector<std::uint64_t> numbers);
    void post_due(MonoTime now, const std::string& session_id, std::uint64_t& next_post_id);
    void requeue(Item& item, MonoTime not_before);
    void post_failed(MonoTime now, const Post& post, std::uint64_t post_id, std::optional<Duration> retry_after);
    void post_refused(const Post& post, std::uint64_t post_id, int status);
    void session_gone(const Post& post, std::uint64_t post_id, std::string_view reason);
    void refuse(Items::iterator it, std::string_view code, std::string_view message);
    void unknown_outcome(Items::iterator it, std::string_view reason);
    void erase(Items::iterator it);

    const ClientConfig& config_;
    Jitter& jitter_;
    Outputs& outputs_;
    Items commands_;
    std::map<std::uint64_t, Post> posts_;
    std::map<std::uint64_t, std::uint64_t> renamed_;  // only by the fault new_id_on_resend
    std::uint64_t next_number_;
    std::size_t queued_ = 0;
};

}  // namespace mythos::protocol
