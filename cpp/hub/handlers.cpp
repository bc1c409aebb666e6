#include "hub/handlers.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>
#include <utility>

namespace mythos::hub {
namespace {

// A ticket is, from the lowest bit: the loop, the place in its table, the place's serial number.
constexpr std::uint32_t kLoopBits = 8;
constexpr std::uint32_t kPlaceBits = 24;
constexpr std::size_t kCallBytes = 256;  // what a call takes beside its data

std::uint32_t loop_of(Ticket ticket) { return static_cast<std::uint32_t>(ticket & ((1u << kLoopBits) - 1)); }

std::uint32_t serial_of(Ticket ticket) { return static_cast<std::uint32_t>(ticket >> (kLoopBits + kPlaceBits)); }

Ticket ticket_of(std::uint32_t loop, std::uint32_t place, std::uint32_t serial) {
    return (Ticket{serial} << (kLoopBits + kPlaceBits)) | (Ticket{place} << kLoopBits) | loop;
}

}  // namespace

std::uint32_t place_of(Ticket ticket) {
    return static_cast<std::uint32_t>(ticket >> kLoopBits & ((1u << kPlaceBits) - 1));
}

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

void Handlers::set_questions(std::vector<std::string> questions) {
    const std::lock_guard lock(mutex_);
    questions_ = {std::make_move_iterator(questions.begin()), std::make_move_iterator(questions.end())};
}

void Handlers::close(const Error& why) {
    std::vector<HandlerAnswer> answers;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        types_.clear();
        questions_.clear();
        notify_ = [] {};
        for (const SharedCall& call : waiting_) {
            answers.push_back({.ticket = call->ticket, .kind = HandlerAnswer::Kind::refused, .error = why});
        }
        waiting_.clear();
    }
    answer(std::move(answers));
}

std::vector<SharedCall> Handlers::take(std::size_t max) {
    const std::lock_guard lock(mutex_);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(max, waiting_.size()));
    std::vector<SharedCall> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
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
            Place* asked = find(answer.ticket);
            if (asked == nullptr) continue;
            asked->unanswered = false;
            unanswered_bytes_ -= asked->bytes;
            --unanswered_;
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

bool Handlers::answers(std::string_view question) const {
    const std::lock_guard lock(mutex_);
    return questions_.find(question) != questions_.end();
}

std::optional<Ticket> Handlers::offer(std::uint32_t loop, std::shared_ptr<HandlerCall> call, std::size_t calls_max) {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = size_of(*call);
    if (closed_ || unanswered_ >= calls_max || unanswered_bytes_ + bytes > kHandlerBytesMax) return std::nullopt;
    Mailbox& mailbox = loops_[loop];
    if (mailbox.free_places.empty()) {
        if (mailbox.places.size() >> kPlaceBits != 0) return std::nullopt;
        mailbox.free_places.push_back(static_cast<std::uint32_t>(mailbox.places.size()));
        mailbox.places.emplace_back();
    }
    const std::uint32_t index = mailbox.free_places.back();
    mailbox.free_places.pop_back();
    Place& place = mailbox.places[index];
    place = {.serial = place.serial + 1, .unanswered = true, .bytes = bytes};
    ++unanswered_;
    unanswered_bytes_ += bytes;
    const Ticket ticket = ticket_of(loop, index, place.serial);
    call->ticket = ticket;
    waiting_.push_back(std::move(call));
    return ticket;
}

Handlers::Place* Handlers::find(Ticket ticket) {
    const std::uint32_t loop = loop_of(ticket), place = place_of(ticket);
    if (loop >= loops_.size() || place >= loops_[loop].places.size()) return nullptr;
    Place& found = loops_[loop].places[place];
    return found.unanswered && found.serial == serial_of(ticket) ? &found : nullptr;
}

std::vector<HandlerAnswer> Handlers::take_answers(std::uint32_t loop) {
    const std::lock_guard lock(mutex_);
    Mailbox& mailbox = loops_[loop];
    for (const HandlerAnswer& answer : mailbox.answers) mailbox.free_places.push_back(place_of(answer.ticket));
    return std::exchange(mailbox.answers, {});
}

void Handlers::settle(const SettledCommand& settled) {
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
    return unanswered_;
}

}  // namespace mythos::hub
