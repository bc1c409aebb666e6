// The sequencer's part that outlives a crash: what a checkpoint holds, and how the
// state is rebuilt from it and from the records behind it.
//
// Counts begin anew at the oldest retained record: what was owed before it can no
// longer be told as a number, so a gap that reaches below it says `lost: null`.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "hub/hub.hpp"
#include "hub/mutants.hpp"
#include "protocol/json_text.hpp"

namespace mythos::hub {

using journal::Kind;
using journal::TargetKind;
using nlohmann::json;

namespace {

json client_json(const Client& client) {
    json outcomes = json::array();
    client.outcomes.for_each_done([&](std::uint64_t number, std::uint64_t fingerprint, const Outcomes::Told& told) {
        outcomes.push_back(
            {number, fingerprint, told.visible_at, told.made, told.text ? json(*told.text) : json(nullptr)});
    });
    return {{"client_id", client.client_id()},
            {"acked", client.state->acked()},
            {"forgotten_below", client.outcomes.forgotten_below()},
            {"outcomes", std::move(outcomes)}};
}

}  // namespace

std::string Hub::checkpoint_json() const {
    json sessions = json::array();
    for (const auto& [session_id, session] : sessions_) {
        json intervals = json::array();
        for (const auto& i : session->intervals.list) {
            const auto* info = targets_.find_by_id(i.target);
            if (info != nullptr)
                intervals.push_back({static_cast<int>(info->target.kind), info->target.name, i.from, i.to});
        }
        json clients = json::array();
        for (const auto& c : session->clients)
            if (c.named) clients.push_back(client_json(c));
        json channels = json::array();
        for (const auto& [target, since] : session->channels)
            channels.push_back({targets_.at(target).target.name, since.ns});
        sessions.push_back({{"id", session_id},
                            {"player", session->player->player_id()},
                            {"opened_seq", session->opened_seq},
                            {"opened_at", session->opened_at.ns},
                            {"intervals", std::move(intervals)},
                            {"clients", std::move(clients)},
                            {"swept", session->absent ? json(session->absent->swept) : json::array()},
                            {"channels", std::move(channels)}});
    }
    json replaced = json::array();
    replaced_.for_each([&](const std::string& id) { replaced.push_back(id); });
    json keyed = json::array();
    for (const auto& [key, made] : keyed_) keyed.push_back({key, made.fingerprint, made.seqs});
    return protocol::print_json(
        {{"sessions", std::move(sessions)}, {"replaced", std::move(replaced)}, {"keyed", std::move(keyed)}});
}

void Hub::restore_checkpoint(const std::string& text) {
    const json state = json::parse(text);
    for (const auto& s : state.at("sessions")) {
        Player& player = player_of(s.at("player").get<std::string>());
        Session& session = adopt_session(player, s.at("id").get<std::string>(), s.at("opened_seq").get<Seq>());
        note_opened(session, {s.at("opened_at").get<std::int64_t>()});
        for (const auto& i : s.at("intervals")) {
            auto& target = targets_.of({static_cast<TargetKind>(i[0].get<int>()), i[1].get<std::string>()});
            session.intervals.list.push_back({target.id, i[2].get<Seq>(), i[3].get<Seq>(), 0, 0});
            if (session.intervals.list.back().open()) ++target.open_intervals;
        }
        if (const json& swept = s.at("swept"); !swept.empty()) {
            session.absent = std::make_unique<Absent>();
            session.absent->swept = swept.get<decltype(Absent::swept)>();
        }
        for (const auto& c : s.at("clients")) {
            Client& client = client_for(session, c.at("client_id").get<std::string>());
            client.state->acknowledge(c.at("acked").get<Seq>(), now_, false);
            client.left_at = now_;
            client.outcomes.restore_forgotten(c.at("forgotten_below").get<std::uint64_t>());
            if (mutant(Mutant::forget_idempotency_on_restart)) continue;
            for (const auto& o : c.at("outcomes")) {
                Outcomes::Told told{o[2].get<Seq>(), o[3].get<Seq>(), {}};
                if (o[4].is_string()) told.text = std::make_unique<std::string>(o[4].get<std::string>());
                client.outcomes.finish(o[0].get<std::uint64_t>(), o[1].get<std::uint64_t>(), std::move(told),
                                       settings_.command_outcomes);
            }
        }
        for (const auto& c : s.at("channels"))
            join(session, targets_.of({TargetKind::channel, c[0].get<std::string>()}),
                 WallTime{c[1].get<std::int64_t>()});
    }
    for (const auto& id : state.at("replaced")) replaced_.add(id.get<std::string>(), now_, settings_.replaced_max);
    for (const auto& k : state.at("keyed")) {
        keyed_[k[0].get<std::string>()] = {k[1].get<std::uint64_t>(), k[2].get<std::vector<Seq>>()};
        keyed_order_.emplace_back(k[2].back().get<Seq>(), k[0].get<std::string>());
    }
    std::sort(keyed_order_.begin(), keyed_order_.end());
}

Session& Hub::adopt_session(Player& player, std::string session_id, Seq opened_seq) {
    player.session = std::make_unique<Session>();
    Session& session = *player.session;
    session.handle = next_session_++;
    session.session_id = std::move(session_id);
    session.player = &player;
    session.opened_seq = opened_seq;
    sessions_.emplace(session.session_id, &session);
    return session;
}

// Before this process, of which only the wall clock tells.
void Hub::note_opened(Session& session, WallTime at) const {
    session.opened_at = at;
    session.opened = {now_.ns - std::max<std::int64_t>(wall_.ns - at.ns, 0)};
}

// A control record behind the checkpoint, acted upon again.
void Hub::restore_control(Seq seq, const journal::Record& record) {
    const auto it = sessions_.find(record.session_id);
    Session* session = it == sessions_.end() ? nullptr : it->second;
    if (record.kind == Kind::session_opened && session == nullptr) {
        Player& player = player_of(record.data);
        session = &adopt_session(player, record.session_id, seq);
        note_opened(*session, record.ts);
        session->intervals.list.push_back({journal::kEveryone, seq, kStillOpen, 0, 0});
        ++targets_.at(journal::kEveryone).open_intervals;
    } else if (record.kind == Kind::session_ended && session != nullptr) {
        for (auto& i : session->intervals.list)
            if (i.open()) --targets_.at(i.target).open_intervals;
        if (record.head == journal::kReplaced) replaced_.add(record.session_id, now_, settings_.replaced_max);
        while (!session->channels.empty()) part(*session, targets_.at(session->channels.back().first));
        Player& player = *session->player;
        sessions_.erase(it);
        player.session.reset();
        drop_player_if_idle(player);
    } else if (record.kind == Kind::subscribed && session != nullptr) {
        auto& target = targets_.of(record.target);
        session->intervals.list.push_back({target.id, seq, kStillOpen, 0, 0});
        ++target.open_intervals;
        if (record.target.kind == TargetKind::channel) join(*session, target, record.ts);
    } else if (record.kind == Kind::unsubscribed && session != nullptr) {
        auto& target = targets_.of(record.target);
        if (Interval* open = session->intervals.find_open(target.id)) {
            open->to = seq;
            --target.open_intervals;
        }
        part(*session, target);
    }
}

// Records to the player may be among those found, so that the next message to the player need not be the first.
void Hub::restore_own_interval(Session& session) {
    auto& own = targets_.of({TargetKind::player, session.player->player_id()});
    for (const Interval& i : session.intervals.list)
        if (i.target == own.id) return;
    session.intervals.list.push_back({own.id, session.opened_seq, kStillOpen, 0, 0});
    ++own.open_intervals;
}

// What a record says of the command or publish that made it: never to be executed again.
void Hub::restore_origin(Seq seq, const journal::Record& record) {
    if (mutant(Mutant::forget_idempotency_on_restart)) return;
    if (record.origin.starts_with("key:")) {
        auto& made = keyed_[record.origin.substr(4)];
        made.fingerprint = record.fingerprint;
        if (std::find(made.seqs.begin(), made.seqs.end(), seq) != made.seqs.end()) return;
        made.seqs.push_back(seq);
        if (made.seqs.size() == record.origin_count) keyed_order_.emplace_back(seq, record.origin.substr(4));
        return;
    }
    const auto slash = record.origin.find('/');
    if (slash == std::string::npos) return;
    const auto it = sessions_.find(record.origin.substr(0, slash));
    if (it == sessions_.end()) return;
    Client& client = client_for(*it->second, record.origin.substr(slash + 1));
    if (record.command_number < client.outcomes.forgotten_below()) return;
    client.left_at = now_;
    client.outcomes.finish(record.command_number, record.fingerprint, {seq, seq, {}}, settings_.command_outcomes);
}

void Hub::restore(const journal::Recovered& found, MonoTime now, WallTime wall) {
    begin(now, wall);
    next_seq_ = journal_.appended() + 1;
    checkpoint_at_ = found.checkpoint_at;
    if (found.checkpoint) restore_checkpoint(*found.checkpoint);
    std::vector<journal::Draft> drafts;
    std::map<TargetId, std::vector<Seq>> positions;
    for (const auto& [seq, record] : found.records) {
        if (seq > found.checkpoint_at) {
            if (record.kind != Kind::message) restore_control(seq, record);
            if (!record.origin.empty()) restore_origin(seq, record);
        }
        journal::Draft draft;
        draft.record = record;
        if (record.target.kind != TargetKind::none) {
            auto& target = targets_.of(record.target);
            draft.target = target.id;
            target.last_seq = seq;
            if (record.kind == Kind::message) {
                draft.ordinal = ++target.ordinal;
                positions[target.id].push_back(seq);
            }
        }
        if (const auto it = sessions_.find(record.session_id); it != sessions_.end())
            draft.session = it->second->handle;
        drafts.push_back(std::move(draft));
    }
    const auto count_below = [&](TargetId target, Seq limit) {
        const auto& list = positions[target];
        return static_cast<std::uint64_t>(std::lower_bound(list.begin(), list.end(), limit) - list.begin());
    };
    const Seq uncounted = found.records.empty() ? journal_.appended() : found.records.front().seq - 1;
    for (auto& [session_id, session] : sessions_) {
        if (mutant(Mutant::restart_forgets_subscriptions))
            std::erase_if(session->intervals.list,
                          [&](const Interval& i) { return targets_.at(i.target).target.kind == TargetKind::channel; });
        restore_own_interval(*session);
        session->intervals.forgotten_to = std::max(session->intervals.forgotten_to, uncounted);
        for (auto& i : session->intervals.list) {
            i.from_ordinal = count_below(i.target, i.from + 1);
            if (!i.open()) i.to_ordinal = count_below(i.target, i.to);
        }
        session->grace_until = now + settings_.grace;
        graces_.emplace(session->grace_until, std::string(session_id));
    }
    journal_.refill(std::move(drafts), now);
}

}  // namespace mythos::hub
