#include "protocol/client_model.hpp"

#include <algorithm>
#include <utility>

namespace mythos::protocol::model {
namespace {

constexpr Duration kHeartbeat = milliseconds(1'000);

ClientConfig config_for(std::uint64_t seed, Mode mode, const ClientFaults& faults) {
    ClientConfig config;
    config.client_id = "tab";
    config.mode = mode;
    config.jitter_seed = seed;
    config.held_entries_max = 24;
    config.ack_entries = 4;
    config.command_window = 8;
    config.faults = faults;
    return config;
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

}  // namespace

std::uint64_t Journal::owed_between(Seq after, Seq before) const {
    std::uint64_t n = 0;
    for (Seq s = after + 1; s < before && s < owed.size(); ++s) n += owed[s];
    return n;
}

World::World(std::uint64_t seed, Mode mode, const ClientFaults& faults)
    : random_(seed),
      standby_mode_(mode == Mode::standby),
      next_heartbeat_(now_ + kHeartbeat),
      client_(config_for(seed, mode, faults)) {
    journal_.epoch = "e1";
}

std::string World::run(int steps, Totals& totals) {
    totals_ = &totals;
    client_.start(now_);
    take_outputs();
    for (int i = 0; i < steps && oracle_.violation().empty(); ++i) step();
    if (oracle_.violation().empty()) peace();
    totals.overflows += client_.merge_counters().holds_dropped;
    return oracle_.violation();
}

Connection* World::connection(std::uint64_t attempt) {
    const auto it = connections_.find(attempt);
    return it == connections_.end() ? nullptr : &it->second;
}

Connection* World::any_connection() {
    if (connections_.empty()) return nullptr;
    auto it = connections_.begin();
    std::advance(it, static_cast<long>(below(connections_.size())));
    return &it->second;
}

void World::step() {
    Connection* c = any_connection();
    const auto what = below(100);
    if (what < 22) {
        append();
    } else if (what < 56 && c) {
        if (!c->accepted) return chance(12) ? cut(*c) : accept(*c);
        if (c->server_alive) pump(*c, static_cast<int>(1 + below(4)));
        const auto attempt = c->attempt;
        for (auto n = below(6); n > 0 && connection(attempt); --n) deliver(*connection(attempt));
    } else if (what < 66 && c) {
        receive_up(*c);
    } else if (what < 72 && !posts_.empty()) {
        const auto i = below(posts_.size());
        const Post post = posts_[i];
        posts_.erase(posts_.begin() + static_cast<long>(i));
        answer(post, chance(10), chance(10));
    } else if (what < 76) {
        evict();
    } else if (what < 79 && c) {
        cut(*c);
    } else if (what < 81 && c && c->accepted && !c->hole) {
        c->hole = true;
        ++totals_->holes;
    } else if (what < 83 && c && c->hole && c->server_alive) {
        server_lost(*c);
    } else if (what < 88) {
        const std::string token = "t" + std::to_string(++tokens_);
        if (auto id = client_.send_command(now_, "say", quoted(token))) open_[*id] = token;
        take_outputs();
    } else if (what == 88 && chance(15)) {
        restart();
    } else if (what == 89 && chance(40)) {
        expire();
    } else {
        pass_time(chance(15) ? milliseconds(300 + static_cast<std::int64_t>(below(1'000)))
                             : milliseconds(static_cast<std::int64_t>(below(60))));
    }
}

// No more faults: the owed must arrive, whatever state the faults have left.
void World::peace() {
    int after_all = 0;  // a few rounds more, in which nothing may come twice
    for (int round = 0; round < 260 && after_all < 5 && oracle_.violation().empty(); ++round) {
        const bool all_there = open_.empty() && oracle_.in(journal_.epoch) &&
                               journal_.owed_between(oracle_.position()->seq, journal_.head() + 1) == 0;
        after_all = all_there ? after_all + 1 : 0;
        for (auto it = connections_.begin(); it != connections_.end();) {
            Connection& c = (it++)->second;
            if (!c.accepted) {
                accept(c);
                continue;
            }
            if (c.hole && c.server_alive && round > 120) server_lost(c);
            if (c.server_alive) pump(c, 1'000);
            for (int i = 0; i < 40; ++i) receive_up(c);
            const auto attempt = c.attempt;
            for (int i = 0; i < 40 && connection(attempt); ++i) deliver(*connection(attempt));
        }
        for (auto posts = std::exchange(posts_, {}); const auto& post : posts) answer(post, false, false);
        pass_time(milliseconds(40));
    }
    oracle_.at_end(journal_);
    if (!open_.empty()) oracle_.fail("no outcome for " + open_.begin()->first);
}

void World::pass_time(Duration d) {
    const MonoTime until = now_ + d;
    while (now_ < until) {
        MonoTime next = std::min(until, next_heartbeat_);
        if (const auto deadline = client_.next_deadline()) next = std::min(next, std::max(*deadline, now_));
        const bool stuck = next == now_ && next < until && next != next_heartbeat_;
        now_ = next;
        if (now_ == next_heartbeat_) {
            next_heartbeat_ = now_ + kHeartbeat;
            for (auto& [attempt, c] : connections_) heartbeat(c);
        }
        client_.tick(now_);
        take_outputs();
        if (stuck && client_.next_deadline() && *client_.next_deadline() <= now_) {
            return oracle_.fail("a deadline that a tick does not meet");
        }
    }
}

void World::take_outputs() {
    if (!oracle_.position() && client_.applied()) oracle_.started(*client_.applied());
    while (!client_.outputs().empty()) {
        const Output output = std::move(client_.outputs().front());
        client_.outputs().pop_front();
        if (const auto* open = std::get_if<OpenWire>(&output)) {
            Connection c;
            c.wire = open->wire;
            c.attempt = open->attempt;
            c.id = "k" + std::to_string(open->attempt);
            c.asked = open->cursor;
            connections_[open->attempt] = std::move(c);
        } else if (const auto* close = std::get_if<CloseWire>(&output)) {
            if (Connection* c = connection(close->attempt)) {
                c->client_alive = false;
                if (!c->hole || !c->accepted) server_lost(*c);
            }
        } else if (const auto* text = std::get_if<SendText>(&output)) {
            Connection* c = connection(text->attempt);
            if (c && c->client_alive && !c->hole) c->up.push_back(text->text);
        } else if (const auto* post = std::get_if<PostCommands>(&output)) {
            posts_.push_back({post->post_id, post->session_id, post->body});
        } else if (const auto* entry = std::get_if<DeliverEntry>(&output)) {
            ++totals_->delivered;
            oracle_.delivered(journal_, entry->id);
        } else if (const auto* gap = std::get_if<TellGap>(&output)) {
            ++totals_->gaps;
            ToldRange told{gap->after ? gap->after->seq : 0, gap->before.seq, {}, gap->before.epoch};
            // After an overflow a wire has no place until it is rewound, which the model does not follow.
            const bool owes = client_.merge_counters().holds_dropped == 0 && oracle_.in(gap->before.epoch) &&
                              gap->after && gap->reason == "retention";
            for (const auto& [attempt, c] : connections_) {
                if (owes && c.client_alive && c.known_base && *c.known_base <= oracle_.position()->seq) {
                    told.covered_by.insert(attempt);
                }
            }
            oracle_.gap(journal_, *gap);
            told_.push_back(std::move(told));
        } else if (const auto* reply = std::get_if<CommandReply>(&output)) {
            const auto it = open_.find(reply->command_id);
            if (it == open_.end()) {
                oracle_.fail("a second outcome for " + reply->command_id);
            } else {
                if (reply->ok && executed_[it->second] != 1) oracle_.fail("a reply to what was not executed once");
                if (!reply->ok && executed_[it->second] != 0) oracle_.fail("refused, but executed");
                open_.erase(it);
            }
        } else if (const auto* unknown = std::get_if<OutcomeUnknown>(&output)) {
            ++totals_->unknown;
            if (open_.erase(unknown->command_id) == 0) oracle_.fail("a second outcome for " + unknown->command_id);
        }
    }
}

// Hands the client the next message, or, from a dead connection, its end.
void World::deliver(Connection& c) {
    if (c.hole && c.accepted) {
        c.down.clear();
        return;
    }
    if (c.down.empty()) {
        if (c.server_alive || !c.client_alive) return;
        c.client_alive = false;
        const auto attempt = c.attempt;
        const auto wire = c.wire;
        connections_.erase(attempt);
        client_.wire_closed(now_, wire, attempt, {});
        return take_outputs();
    }
    const std::string json = std::move(c.down.front());
    c.down.pop_front();
    if (!c.client_alive) return;
    note_base(c, json);
    client_.message(now_, c.wire, c.attempt, json);
    take_outputs();
}

void World::note_base(Connection& c, const std::string& json) {
    const auto message = parse_server_message(json);
    const auto set = [&](const Cursor& cursor) {
        c.known_base = cursor.epoch == journal_.epoch ? std::optional(cursor.seq) : std::nullopt;
    };
    const auto activate = [&](const Cursor& cursor) {
        for (auto& [attempt, other] : connections_) {
            if (!standby_mode_) continue;
            other.known_base.reset();
            other.demoted = true;
        }
        c.demoted = false;
        set(cursor);
    };
    if (const auto* m = std::get_if<WelcomeMessage>(&message); m && m->mode != "standby") activate(m->cursor);
    if (const auto* m = std::get_if<PromotedMessage>(&message)) {
        activate(m->cursor);
        for (auto& range : told_) range.covered_by.erase(c.attempt);
    }
    if (const auto* m = std::get_if<GapMessage>(&message); m && !c.demoted) set({m->before.epoch, m->before.seq - 1});
    const auto* entry = std::get_if<EntryMessage>(&message);
    if (!entry || !c.known_base) return;
    for (const auto& range : told_) {
        if (range.epoch == entry->id.epoch && range.covered_by.count(c.attempt) && range.after < entry->id.seq &&
            entry->id.seq < range.before) {
            oracle_.fail("told as lost what the other wire has brought");
        }
    }
}

void World::cut(Connection& c) {
    ++totals_->cuts;
    if (chance(50)) c.down.clear();
    c.up.clear();
    server_lost(c);
    if (c.hole || chance(50)) return;  // the client hears of it later
    c.down.clear();
    deliver(c);
}

}  // namespace mythos::protocol::model
