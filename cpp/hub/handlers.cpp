#include "hub/handlers.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>
#include <utility>

namespace mythos::hub {
namespace {

constexpr std::uint32_t kLoopBits = 8;   // of a ticket
constexpr std::size_t kCallBytes = 256;  // what a call takes beside its data

std::uint32_t loop_of(Ticket ticket) { return static_cast<std::uint32_t>(ticket & ((1u << kLoopBits) - 1)); }

}  // namespace

bool is_built_in(std::string_view type) {
    static constexpr std::array<std::string_view, 9> kTypes{"ack",     "history", "ping",      "presence",   "promote",
                                                            "publish", "refresh", "subscribe", "unsubscribe"};
    return type.starts_with("mythos.") || std::ranges::find(kTypes, type) != kTypes.end();
}

std::size_t Handlers::size_of(const HandlerCall& call) { return kCallBytes + call.data.size(); }

void Handlers::on_calls(std::function<void()> notify) {
    const std::lock_guard lock(mutex_);
    notify_ = std::move(notify);
    announced_ = false;
    announce_locked();
}

void Handlers::set_types(std::vector<std::string> types) {
    assert(std::ranges::none_of(types, is_built_in));
    const std::lock_guard lock(mutex_);
    types_ = {std::make_move_iterator(types.begin()), std::make_move_iterator(types.end())};
}

void Handlers::close(const Error& why) {
    std::vector<HandlerAnswer> answers;
    {
        const std::lock_guard lock(mutex_);
        types_.clear();
        notify_ = [] {};
        for (const HandlerCall& call : waiting_) {
            answers.push_back({.ticket = call.ticket, .kind = HandlerAnswer::Kind::refused, .error = why});
        }
        waiting_.clear();
    }
    answer(std::move(answers));
}

std::vector<HandlerCall> Handlers::take(std::size_t max) {
    const std::lock_guard lock(mutex_);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(max, waiting_.size()));
    std::vector<HandlerCall> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    announced_ = false;
    announce_locked();
    return taken;
}

void Handlers::announce() {
    const std::lock_guard lock(mutex_);
    announce_locked();
}

void Handlers::announce_locked() {
    if (announced_ || waiting_.empty()) return;
    announced_ = true;
    notify_();
}

void Handlers::answer(std::vector<HandlerAnswer> answers) {
    std::vector<bool> woken(loops_.size());
    {
        const std::lock_guard lock(mutex_);
        for (HandlerAnswer& answer : answers) {
            const auto asked = unanswered_.find(answer.ticket);
            if (asked == unanswered_.end()) continue;
            unanswered_bytes_ -= asked->second;
            unanswered_.erase(asked);
            const std::uint32_t loop = loop_of(answer.ticket);
            loops_[loop].answers.push_back(std::move(answer));
            woken[loop] = true;
        }
    }
    wake(woken);
}

void Handlers::wake(const std::vector<bool>& loops) const {
    for (std::uint32_t loop = 0; loop < loops.size(); ++loop)
        if (loops[loop]) wake_(loop);
}

bool Handlers::knows(std::string_view type) const {
    const std::lock_guard lock(mutex_);
    return types_.find(type) != types_.end();
}

bool Handlers::offer(HandlerCall call, std::size_t calls_max) {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = size_of(call);
    if (unanswered_.size() >= calls_max || unanswered_bytes_ + bytes > kHandlerBytesMax) return false;
    unanswered_.emplace(call.ticket, bytes);
    unanswered_bytes_ += bytes;
    waiting_.push_back(std::move(call));
    return true;
}

Ticket Handlers::next_ticket(std::uint32_t loop) {
    return (serial_.fetch_add(1, std::memory_order_relaxed) << kLoopBits) | loop;
}

std::vector<HandlerAnswer> Handlers::take_answers(std::uint32_t loop) {
    const std::lock_guard lock(mutex_);
    return std::exchange(loops_[loop].answers, {});
}

void Handlers::settle(const SettledCommand& settled) {
    if (repeats_.load(std::memory_order_relaxed) == 0) return;
    {
        const std::lock_guard lock(mutex_);
        for (Mailbox& mailbox : loops_) mailbox.settled.push_back(settled);
    }
    wake(std::vector<bool>(loops_.size(), true));
}

std::vector<SettledCommand> Handlers::take_settled(std::uint32_t loop) {
    const std::lock_guard lock(mutex_);
    return std::exchange(loops_[loop].settled, {});
}

std::size_t Handlers::unanswered() const {
    const std::lock_guard lock(mutex_);
    return unanswered_.size();
}

}  // namespace mythos::hub
