// Commands of types that the hub does not have, on their way to the application and back.
//
// A loop offers a command to the queue; the application takes several at once, and answers each call once, in any order
// and at any time. The answer goes back to the loop that has the sender waiting. Calls are bounded in number and bytes
// from the offer to the answer; beyond that an offer is refused, which the sender is told as `overloaded`.
//
// A call's texts are shared by the loop and the application, so that what is allocated on a loop is mostly freed there:
// memory that goes from one thread to another is several times as dear.
//
// Thread-safety: everything from any thread, but `set_wake`, which comes before the first turn. Sizes are in bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace mythos::hub {

// What unanswered calls may hold, whatever their number: a thousand of the largest commands.
inline constexpr std::size_t kHandlerBytesMax = std::size_t{64} << 20;

using Ticket = std::uint64_t;

// The calls of a loop whose answers it has not taken yet are numbered densely: a table's index.
std::uint32_t place_of(Ticket ticket);

// One command, to be executed by the application. Nobody changes it once it was offered.
struct HandlerCall {
    Ticket ticket = 0;       // names the call in its answer; given by `offer`, never used twice
    std::string command_id;  // empty: fire-and-forget; answer it all the same
    std::string type;
    std::string data;  // JSON text
    std::string player_id;
    std::string session_id;
    std::string client_id;
    std::string trace_id;  // of the request that brought it, or that opened its connection; empty: none was named
};
using SharedCall = std::shared_ptr<const HandlerCall>;

// A text that may be a part of a longer one, which the answers of a batch share: one allocation for all of them.
class AnswerText {
public:
    AnswerText() = default;
    AnswerText(std::string text)
        : whole_(std::make_shared<const std::string>(std::move(text))), size_(whole_->size()) {}
    AnswerText(const char* text) : AnswerText(std::string(text)) {}
    AnswerText(std::shared_ptr<const std::string> whole, std::size_t begin, std::size_t size)
        : whole_(std::move(whole)), begin_(begin), size_(size) {}

    std::string_view view() const {
        return whole_ == nullptr ? std::string_view() : std::string_view(*whole_).substr(begin_, size_);
    }

private:
    std::shared_ptr<const std::string> whole_;  // null: empty
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
};

struct HandlerAnswer {
    enum class Kind : std::uint8_t {
        done,     // `data`, JSON text, goes into the reply
        failed,   // `error` goes into the reply; the command counts as executed
        refused,  // was not executed: `error` goes into the reply, as retryable
    };
    Ticket ticket = 0;
    Kind kind = Kind::done;
    AnswerText data;
    Error error;
};

// A command that has its outcome, told to the loops where repeats of it wait.
struct SettledCommand {
    std::string key;
    std::string reply;
    Seq visible_at = 0;
};

// Whether commands of this type are the hub's own: it executes them itself, or they begin with `mythos.`.
bool is_built_in(std::string_view type);

class Handlers {
public:
    // At most 256 loops.
    explicit Handlers(std::uint32_t loops) : loops_(loops) {}

    // How the application hears that calls wait, after `announce`: once until it takes them. Called on any thread,
    // under the lock: it must neither block nor call back, and is not called any more once another has been set.
    void on_calls(std::function<void()> notify);
    // The types that the application has handlers for; replaces what was said before. None of them is built in.
    void set_types(std::vector<std::string> types);
    // The server's own questions, such as `mythos.alerts`, that the application answers; no client can ask them.
    void set_questions(std::vector<std::string> questions);
    // No calls any more, for good; those that wait come back as refused with this error.
    void close(const Error& why);

    // At most `max` of the calls that wait, oldest first. What is left is notified of again.
    std::vector<SharedCall> take(std::size_t max);
    // Ones that were answered before, or never asked, are ignored.
    void answer(std::vector<HandlerAnswer> answers);

    // The loops' side.
    bool knows(std::string_view type) const;
    bool answers(std::string_view question) const;
    // The ticket of a call of this loop; none: full, or closed. `calls_max` bounds what is unanswered.
    std::optional<Ticket> offer(std::uint32_t loop, std::shared_ptr<HandlerCall> call, std::size_t calls_max);
    // Tells the application of what was offered. Apart, because waking it for each call of a turn would have it run
    // between them, a call at a time.
    void announce();
    std::vector<HandlerAnswer> take_answers(std::uint32_t loop);
    // How a loop is woken when there is something for it.
    void set_wake(std::function<void(std::uint32_t loop)> wake) { wake_ = std::move(wake); }

    // A repeat of a running command waits at some loop.
    void repeat_waits(std::int64_t more) { repeats_.fetch_add(more, std::memory_order_relaxed); }
    bool do_repeats_wait() const { return repeats_.load(std::memory_order_relaxed) != 0; }
    // Tells every loop. Needed only while repeats wait.
    void settle(const SettledCommand& settled);
    std::vector<SettledCommand> take_settled(std::uint32_t loop);

    std::size_t unanswered() const;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    // A call's place, until its loop takes its answer; then it is used again, under another serial number.
    struct Place {
        std::uint32_t serial = 0;
        bool unanswered = false;
        std::size_t bytes = 0;
    };
    struct Mailbox {
        std::vector<Place> places;
        std::vector<std::uint32_t> free_places;
        std::vector<HandlerAnswer> answers;
        std::vector<SettledCommand> settled;
    };

    static std::size_t size_of(const HandlerCall& call);
    // The place of an unanswered call; null: answered before, or never asked. With the lock held.
    Place* find(Ticket ticket);
    void announce_locked();  // with the lock held
    void wake(const std::vector<bool>& loops) const;

    std::function<void(std::uint32_t)> wake_ = [](std::uint32_t) {};
    std::atomic<std::int64_t> repeats_{0};

    mutable std::mutex mutex_;  // guards what follows
    std::function<void()> notify_ = [] {};
    bool announced_ = false;
    bool closed_ = false;
    std::unordered_set<std::string, Hash, std::equal_to<>> types_, questions_;
    std::deque<SharedCall> waiting_;
    std::size_t unanswered_ = 0;
    std::size_t unanswered_bytes_ = 0;
    std::vector<Mailbox> loops_;
};

}  // namespace mythos::hub
