#include "hub/hub.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "hub/delivery_samples.hpp"
#include "hub/mutants.hpp"
#include "protocol/json_text.hpp"

namespace mythos::hub {

using journal::Kind;
using journal::TargetKind;

namespace {

const stats::Edges& connection_counts() {
    static const stats::Edges edges({0, 1, 2, 3, 4, 6, 8, 16, 32, 64});
    return edges;
}

}  // namespace

Hub::Hub(journal::Journal& journal, Settings& settings, DeliveryTotals& totals, stats::CounterShard& counters)
    : journal_(journal),
      settings_(settings),
      totals_(totals),
      counters_(counters),
      connections_per_session_(std::make_shared<stats::HistogramShard>(connection_counts())) {}

void Hub::begin(MonoTime now, WallTime wall) {
    now_ = now;
    wall_ = wall;
}

bool Hub::end(std::vector<Effect>& effects) {
    const bool any = !batch_.empty();
    if (any) {
        journal_.append(std::exchange(batch_, {}), now_);
        const auto every = journal_.checkpoint_every();
        if (every > 0 && appended() - checkpoint_at_ >= every) write_checkpoint();
    }
    std::move(effects_.begin(), effects_.end(), std::back_inserter(effects));
    effects_.clear();
    return any;
}

bool Hub::has_room() const { return journal_.ring().room(appended()) >= kEntriesPerAct; }

void Hub::write_checkpoint() {
    journal_.checkpoint(checkpoint_json());
    checkpoint_at_ = next_seq_ - 1;
}

Seq Hub::append(journal::Draft draft) {
    draft.record.ts = wall_;
    batch_.push_back(std::move(draft));
    return next_seq_++;
}

Seq Hub::append_message(TargetInfo& target, std::string head, std::string data, std::string key) {
    journal::Draft draft;
    draft.record.kind = Kind::message;
    draft.record.target = target.target;
    draft.record.head = std::move(head);
    draft.record.data = std::move(data);
    draft.record.key = std::move(key);
    draft.target = target.id;
    // A loop that has the player's session hears of its own interval by the first message to the player.
    if (target.target.kind == TargetKind::player && target.ordinal == 0) draft.session = begin_own_interval(target);
    draft.ordinal = ++target.ordinal;
    target.last_seq = next_seq_;
    sampler_.set_rate(settings_.message_sample);
    if (sampler_.picks()) choose_message(draft);
    return append(std::move(draft));
}

Seq Hub::append_control(Kind kind, Session& session, TargetInfo* target, std::string reason) {
    journal::Draft draft;
    draft.record.kind = kind;
    draft.record.head = std::move(reason);
    draft.record.data = session.player->player_id();
    draft.record.session_id = session.session_id;
    draft.session = session.handle;
    if (target != nullptr) {
        draft.record.target = target->target;
        draft.target = target->id;
        draft.ordinal = target->ordinal;
        target->last_seq = next_seq_;
    }
    return append(std::move(draft));
}

void Hub::add_interval(Session& session, TargetInfo& target, Seq from) {
    auto& list = session.intervals.list;
    // Not only at the next sweep: subscribing and unsubscribing costs a client little.
    if (list.size() >= kIntervalsCounted && list.size() == list.capacity())
        session.intervals.forget_below(journal_.ring().first());
    list.push_back({target.id, from, kStillOpen, target.ordinal, 0});
    ++target.open_intervals;
}

// Most players are sent nothing of their own for a long time, so a target is made for them by the first message only;
// then their living session, if there is one, was owed it from its opening on.
SessionHandle Hub::begin_own_interval(TargetInfo& own) {
    const auto it = players_.find(own.target.name);
    if (it == players_.end() || !it->second.session) return 0;
    Session& session = *it->second.session;
    if (session.intervals.find_open(own.id) == nullptr) add_interval(session, own, session.opened_seq);
    return session.handle;
}

void Hub::close_interval(Session& session, TargetInfo& target, Seq to) {
    Interval* open = session.intervals.find_open(target.id);
    if (open == nullptr) return;
    open->to = to;
    open->to_ordinal = target.ordinal;
    --target.open_intervals;
}

std::uint64_t Hub::owed_total(const Session& session) const {
    std::uint64_t owed = session.intervals.forgotten_owed;
    for (const auto& i : session.intervals.list)
        owed += (i.open() ? targets_.at(i.target).ordinal : i.to_ordinal) - i.from_ordinal;
    return owed;
}

Player& Hub::player_of(const std::string& player_id) {
    const auto [at, made] = players_.try_emplace(player_id);
    at->second.name = &at->first;
    return at->second;
}

void Hub::drop_player_if_idle(Player& player) {
    if (!player.session) players_.erase(std::string(player.player_id()));
}

Session& Hub::open_session(Player& player) {
    player.session = std::make_unique<Session>();
    Session& session = *player.session;
    session.handle = next_session_++;
    session.session_id = random_name("s_", kIdBits);
    session.player = &player;
    session.opened_at = wall_;
    session.opened = now_;
    session.intervals.list.reserve(2);
    TargetInfo* own = targets_.find({TargetKind::player, player.player_id()});
    session.opened_seq = append_control(Kind::session_opened, session, own, "opened");
    add_interval(session, targets_.at(journal::kEveryone), session.opened_seq);
    if (own != nullptr) add_interval(session, *own, session.opened_seq);
    sessions_.emplace(session.session_id, &session);
    record_session(store::Event::Kind::session_opened, session, "");
    note_session(HubEvent::Kind::session_opened, session, "");
    return session;
}

void Hub::note_session(HubEvent::Kind kind, const Session& session, const char* reason) {
    HubEvent& event = events_.emplace_back();
    event.kind = kind;
    event.at = wall_;
    event.player_id = session.player->player_id();
    event.session_id = session.session_id;
    event.reason = reason;
    event.lasted = now_ - session.opened;
    event.connections = session.connections;
}

void Hub::choose_message(const journal::Draft& draft) {
    HubEvent& event = events_.emplace_back();
    event.kind = HubEvent::Kind::message_chosen;
    event.at = wall_;
    event.message_id = id(next_seq_);
    event.message_type = type_of_message(draft.record.head);
    event.target = draft.record.target;
    event.message_bytes = journal::message_json(event.message_id, draft.record).size();
    event.sample_rate = sampler_.rate();
}

void Hub::record_session(store::Event::Kind kind, const Session& session, const char* reason) {
    if (history_ == nullptr) return;
    history_->push({.kind = kind,
                    .reason = reason,
                    .created_at = session.opened_at,
                    .closed_at = wall_,
                    .player_id = session.player->player_id(),
                    .session_id = session.session_id});
}

void Hub::join(Session& session, TargetInfo& channel, WallTime since) {
    session.channels.emplace_back(channel.id, since);
    channels_ += channel.members.empty();
    ++subscriptions_;
    channel.members.push_back(&session);
}

void Hub::part(Session& session, TargetInfo& channel) {
    std::erase_if(session.channels, [&](const auto& c) { return c.first == channel.id; });
    subscriptions_ -= std::erase(channel.members, &session);
    channels_ -= channel.members.empty();
}

void Hub::note_presence(const char* type, Session& session, const std::string& channel) {
    TargetInfo* listeners = targets_.find({TargetKind::presence, channel});
    if (listeners == nullptr || listeners->open_intervals == 0) return;
    std::string head = R"("type":")";
    head.append(type).append(R"(","channel":)");
    protocol::append_json_string(head, channel);
    std::string data = R"({"player_id":)";
    protocol::append_json_string(data, session.player->player_id());
    data += R"(,"session_id":)";
    protocol::append_json_string(data, session.session_id);
    data += '}';
    append_message(*listeners, std::move(head), std::move(data), {});
}

// Connections are closed by their loops when they read the control entry, behind what they
// still owed; here they stop counting at once.
void Hub::end_session(Session& session, const char* reason) {
    const Seq ended = append_control(Kind::session_ended, session, nullptr, reason);
    note_session(HubEvent::Kind::session_ended, session, reason);
    for (auto& interval : session.intervals.list)
        if (interval.open()) close_interval(session, targets_.at(interval.target), ended);
    while (!session.channels.empty()) {
        TargetInfo& channel = targets_.at(session.channels.back().first);
        part(session, channel);
        note_presence("presence.left", session, channel.target.name);
    }
    record_session(store::Event::Kind::session_closed, session, reason);
    Player& player = *session.player;
    sessions_.erase(session.session_id);
    connections_per_session_->record(session.connections_peak);
    for (Connection* connection : session.connections_by_age()) detach(*connection);
    for (Client& client : session.clients) end_account(session, client);
    player.session.reset();
}

Result<Hub::NewSession> Hub::replace_session(const std::string& player_id) {
    if (draining_) return Error{"draining", "the server is shutting down; come back later"};
    if (!has_room()) return Error{"overloaded", "the server cannot keep up; try again a little later"};
    if (const auto it = players_.find(player_id);
        sessions_.size() >= settings_.sessions_max && (it == players_.end() || !it->second.session))
        return Error{"session_limit", "the server has all the sessions it may"};
    Player& player = player_of(player_id);
    NewSession out;
    Intervals inherited;
    if (player.session) {
        if (mutant(Mutant::new_session_inherits_subscriptions)) inherited = player.session->intervals;
        out.disconnected = player.session->connections;
        replaced_.add(player.session->session_id, now_, settings_.replaced_max);
        end_session(*player.session, journal::kReplaced);
    }
    out.session_id = open_session(player).session_id;
    for (const auto& i : inherited.list)
        if (i.open() && !player.session->intervals.find_open(i.target))
            add_interval(*player.session, targets_.at(i.target), i.from);
    out.visible_at = appended();
    // Nobody has joined it yet: it lives for the grace.
    player.session->grace_until = now_ + settings_.grace;
    graces_.emplace(player.session->grace_until, out.session_id);
    return out;
}

std::size_t Hub::disconnect(const DisconnectWho& who) {
    std::vector<Connection*> found;
    if (!who.connection_id.empty()) {
        for (auto& [key, connection] : connections_)
            if (!connection.leaving && connection.connection_id == who.connection_id) found.push_back(&connection);
    } else if (!who.session_id.empty()) {
        const auto it = sessions_.find(who.session_id);
        if (it != sessions_.end()) found = it->second->connections_by_age();
    } else if (const auto it = players_.find(who.player_id); it != players_.end() && it->second.session) {
        found = it->second.session->connections_by_age();
    }
    for (Connection* connection : found) displace(*connection, who.code, who.reason.c_str(), true);
    return found.size();
}

void Hub::expire(Session& session) {
    Player& player = *session.player;
    end_session(session, "expired");
    drop_player_if_idle(player);
}

void Hub::tick() {
    while (!graces_.empty() && graces_.begin()->first <= now_) {
        const auto node = graces_.extract(graces_.begin());
        const auto it = sessions_.find(node.mapped());
        if (it == sessions_.end()) continue;
        Session& session = *it->second;
        if (mutant(Mutant::grace_expires_connected_session)) session.grace_until = now_;
        if ((session.connections == 0 || mutant(Mutant::grace_expires_connected_session)) &&
            session.grace_until <= now_)
            expire(session);
    }
    if (now_ >= next_eviction_) evict();
    if (now_ >= next_sweep_) sweep();
}

void Hub::evict() {
    next_eviction_ = now_ + seconds(5);
    journal_.evict(now_);
    replaced_.sweep(now_);
    while (!keyed_order_.empty() && keyed_order_.front().first < journal_.ring().first()) {
        keyed_.erase(keyed_order_.front().second);
        keyed_order_.pop_front();
    }
}

void Hub::sweep() {
    next_sweep_ = now_ + settings_.sweep_interval;
    const Seq head = appended();
    const Seq floor =
        std::min(journal_.ring().first(), head > settings_.position_memory ? head - settings_.position_memory : 0);
    for (auto& [id, session] : sessions_) sweep_session(*session, floor);
    if (auto dropped = targets_.drop_unused(floor); !dropped.empty()) {
        Effect forget;
        forget.kind = Effect::Kind::forget_targets;
        forget.loop = kEveryLoop;
        forget.targets = std::move(dropped);
        effects_.push_back(std::move(forget));
    }
}

void Hub::sweep_session(Session& session, Seq floor) {
    session.intervals.forget_below(session.intervals.list.size() > kIntervalsCounted ? journal_.ring().first() : floor);
    std::erase_if(session.clients, [&](Client& client) {
        if (client.connected() || now_ - client.left_at <= settings_.grace) return false;
        settle_client(session, client);
        return true;
    });
}

void Hub::end_account(const Session& session, Client& client) {
    client.state->end_account(owed_total(session), session.player->player_id(), session.session_id);
}

// A client is about to be forgotten: its account ends, and its commands are stale from here on.
void Hub::settle_client(Session& session, Client& client) {
    end_account(session, client);
    if (!client.named || client.outcomes.next_number() == 0) return;
    if (!session.absent) session.absent = std::make_unique<Absent>();
    auto& swept = session.absent->swept;
    if (swept.size() >= kSweptMax) swept.erase(swept.begin());
    swept.emplace_back(client.client_id(), client.outcomes.next_number());
}

MonoTime Hub::next_deadline() const {
    const MonoTime next = std::min(next_eviction_, next_sweep_);
    return graces_.empty() ? next : std::min(next, graces_.begin()->first);
}

}  // namespace mythos::hub
