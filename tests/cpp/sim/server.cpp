#include "sim/server.hpp"

#include <algorithm>
#include <utility>

#include "base/ids.hpp"
#include "journal/memory.hpp"
#include "sim/trace.hpp"

namespace mythos::sim {

Server::Server(Agenda& agenda, ManualClock& clock, History& history, const Plan& plan, Rng rng)
    : agenda_(agenda), clock_(clock), history_(history), plan_(plan), rng_(rng) {
    disk_.epoch = random_name("", 30);
}

Server::~Server() {
    if (up()) end_process(false);
}

void Server::make_journal() {
    if (plan_.durable) {
        JournalFaults faults = plan_.mutation.journal;
        faults.lose_last_at_restart = faults.lose_last_at_restart && life_ > 1;
        auto made =
            std::make_unique<SimJournal>(agenda_, disk_, plan_.retention, plan_.commit_pace, faults, rng_.fork());
        durable_ = made.get();
        inner_ = std::move(made);
    } else {
        inner_ = std::make_unique<journal::MemoryJournal>(random_name("", 30), plan_.retention);
    }
    epoch_ = inner_->epoch();
    journal_ = std::make_unique<RecordingJournal>(*inner_, history_, life_, [this](const Item& item) { saw(item); });
}

void Server::boot() {
    ++life_;
    trace(agenda_.now(), [&] { return "server boots, life " + std::to_string(life_); });
    draining_ = false;
    replaced_.clear();
    admitted_.clear();
    make_journal();
    node_ = std::make_unique<hub::Node>(*journal_, clock_, plan_.settings, plan_.loops);
    for (std::uint32_t i = 0; i < plan_.loops; ++i) {
        loops_.push_back(std::make_shared<Loop>(agenda_, clock_, rng_.fork(), *node_, *journal_, i, life_));
        if (rng_.chance(20)) loops_.back()->set_creep(microseconds(static_cast<std::int64_t>(rng_.between(20, 600))));
        loops_.back()->on_link(
            [this](Link& link) { link.set_named_replaced(replaced_.contains(link.request().session_id)); },
            [this](Link& link) { note_admitted(link); });
        node_->set_wake(i, [loop = std::weak_ptr<Loop>(loops_.back())] {
            if (const auto alive = loop.lock()) alive->wake();
        });
    }
    node_->start();
    for (auto& loop : loops_) loop->wake();
}

void Server::crash(bool tell) {
    if (!up()) return;
    end_process(tell);
}

void Server::stop() {
    if (!up()) return;
    if (durable_ != nullptr) durable_->flush();
    end_process(true);
}

void Server::end_process(bool tell) {
    const auto open = links();
    trace(agenda_.now(),
          [&] { return "server ends, committed " + std::to_string(durable_ ? disk_.head : inner_->appended()); });
    history_.strike_out(epoch_, plan_.durable ? disk_.head : inner_->appended());
    for (auto& loop : loops_) loop->die();
    for (const auto& link : open) link->server_died(tell);
    for (auto& loop : loops_) loop->links().clear();  // each link holds its loop
    loops_.clear();
    node_.reset();
    journal_.reset();
    inner_.reset();
    durable_ = nullptr;
    for (const auto& call : std::exchange(calls_, {})) finish(call, nullptr, milliseconds(2));
}

void Server::drain(Duration spread) {
    if (!up()) return;
    draining_ = true;
    for (auto& loop : loops_)
        loop->post([spread](hub::LoopCore& core, MonoTime now) { core.drain(spread, "restart", now); });
}

bool Server::drained() const {
    return std::all_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->connections() == 0; });
}

std::shared_ptr<Loop> Server::any_loop() { return up() ? rng_.pick(loops_) : nullptr; }

void Server::stall_commits(MonoTime until) {
    if (durable_ != nullptr) durable_->stall(until);
}

std::vector<std::shared_ptr<Link>> Server::links() const {
    std::vector<std::shared_ptr<Link>> all;
    for (const auto& loop : loops_) all.insert(all.end(), loop->links().begin(), loop->links().end());
    return all;
}

void Server::request(Ask ask, Answered answered, bool lose_answer) {
    auto call = std::make_shared<Call>(Call{std::move(answered)});
    const auto loop = any_loop();
    const Duration there = microseconds(static_cast<std::int64_t>(rng_.between(50, 3'000)));
    const Duration back = microseconds(static_cast<std::int64_t>(rng_.between(50, 3'000)));
    if (!loop) return finish(call, nullptr, there);
    calls_.push_back(call);
    agenda_.after(there, [this, loop, call, back, lose_answer, ask = std::move(ask)] {
        loop->post([this, call, back, lose_answer, ask](hub::LoopCore& core, MonoTime now) {
            ask(core, now, [this, call, back, lose_answer](hub::Answer answer) {
                finish(call, lose_answer ? nullptr : &answer, back);
            });
        });
    });
}

void Server::finish(const std::shared_ptr<Call>& call, const hub::Answer* answer, Duration delay) {
    if (std::exchange(call->over, true)) {
        faults_.push_back("a request was answered twice");
        return;
    }
    std::erase(calls_, call);
    agenda_.after(delay, [call, copy = answer ? std::optional<hub::Answer>(*answer) : std::nullopt] {
        call->answered(copy ? &*copy : nullptr);
    });
}

// Ends by grace are decided in append order: no session that a connection was let into
// before, and still is, may end that way.
void Server::saw(const Item& item) {
    static constexpr const char* kKinds[] = {"message", "session_opened", "session_ended", "subscribed",
                                             "unsubscribed"};
    trace(agenda_.now(), [&] {
        return "server appends " + std::to_string(item.seq) + " " + kKinds[static_cast<int>(item.kind)] + " " +
               item.name + " " + item.session + " " + item.head + " " + item.data +
               (item.key.empty() ? "" : " key " + item.key);
    });
    if (item.kind != ItemKind::session_ended) return;
    if (item.head == "replaced") replaced_.insert(item.session);
    if (item.head != "expired") return;
    for (const auto& link : links())
        if (link->whole() && link->admission()->session_id == item.session)
            faults_.push_back("session " + item.session + " expired at " + std::to_string(item.seq) +
                              " with connection " + link->admission()->connection_id + " open");
}

void Server::note_admitted(Link& link) {
    if (plan_.accounts) {
        link.keep_bytes();
        admitted_.push_back(link.shared_from_this());
    }
    const auto& asked = link.request().session_id;
    if (asked != link.admission()->session_id && link.named_replaced())
        faults_.push_back("a connection that named the replaced session " + asked + " was let into " +
                          link.admission()->session_id);
}

}  // namespace mythos::sim
