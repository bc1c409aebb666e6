// The server's and the oracle's half of the model.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/client_model.hpp"

namespace mythos::protocol::model {
namespace {

using Json = nlohmann::json;

std::string control(const std::string& type, const std::string& data) {
    return R"({"type":"mythos.)" + type + R"(","data":{)" + data + "}}";
}

std::string member(const std::string& name, const std::string& text) { return '"' + name + R"(":")" + text + '"'; }

}  // namespace

void Oracle::fail(std::string what) {
    if (violation_.empty()) violation_ = std::move(what);
}

void Oracle::started(const Cursor& at) { position_ = at; }

void Oracle::delivered(const Journal& journal, const Cursor& id) {
    if (!position_ || id.epoch != position_->epoch) return fail("an entry of another epoch");
    if (id.seq <= position_->seq) return fail("an entry twice or out of order: " + format_cursor(id));
    if (id.epoch == journal.epoch) {
        if (journal.owed_between(position_->seq, id.seq) > 0) return fail("skipped before " + format_cursor(id));
        if (id.seq > journal.head() || !journal.owed[id.seq]) return fail("not owed: " + format_cursor(id));
    }
    position_->seq = id.seq;
}

void Oracle::gap(const Journal& journal, const TellGap& gap) {
    const bool began_anew = !gap.after;
    if (began_anew) {
        if (in(gap.before.epoch)) return fail("a gap without beginning inside an epoch");
    } else {
        if (!in(gap.before.epoch) || gap.after->epoch != gap.before.epoch) return fail("a gap across epochs");
        if (gap.after->seq < position_->seq) return fail("a gap over what was delivered");
        if (gap.before.seq <= gap.after->seq + 1) return fail("an empty gap");
        if (gap.before.epoch == journal.epoch) {
            if (journal.owed_between(position_->seq, gap.after->seq + 1) > 0) return fail("skipped before a gap");
            const auto owed = journal.owed_between(gap.after->seq, gap.before.seq);
            if (gap.lost && *gap.lost != owed) return fail("a gap with a wrong count");
            if (gap.reason == "retention" && gap.before.seq > journal.floor) return fail("a gap of what is retained");
        }
    }
    position_ = Cursor{gap.before.epoch, gap.before.seq - 1};
}

void Oracle::at_end(const Journal& journal) {
    if (!violation_.empty()) return;
    if (!in(journal.epoch)) return fail("the client never came back");
    if (journal.owed_between(position_->seq, journal.head() + 1) > 0) {
        fail("silence after " + format_cursor(*position_) + ", head " + std::to_string(journal.head()));
    }
}

void World::append() {
    for (auto n = 1 + below(6); n > 0; --n) journal_.owed.push_back(chance(60));
}

void World::evict() {
    const Seq keep = below(30);
    if (journal_.head() > keep) journal_.floor = std::max(journal_.floor, journal_.head() - keep + 1);
}

void World::accept(Connection& c) {
    c.accepted = true;
    if (!c.server_alive) return;
    for (auto& [attempt, old] : connections_) {
        if (attempt != c.attempt && old.wire == c.wire && old.accepted) server_lost(old);
    }
    const bool foreign = c.asked && c.asked->epoch != journal_.epoch;
    const bool expired = !expired_session_.empty() && c.asked && !foreign && c.asked->seq < session_opened_;
    std::optional<Seq> other_cursor;
    const Connection* active = nullptr;
    for (const auto& [attempt, other] : connections_) {
        if (attempt == c.attempt || !other.accepted || !other.server_alive) continue;
        if (!other.standby) active = &other;
        other_cursor = other_cursor ? std::min(*other_cursor, other.cursor) : other.cursor;
    }
    c.standby = client_.wire_status(c.wire) != WireStatus::off && active && standby_mode_;
    c.cursor = c.asked && !foreign ? c.asked->seq : other_cursor.value_or(journal_.head());
    if (c.asked && !foreign) acked_ = std::max(acked_.value_or(0), c.asked->seq);
    std::string shown = format_cursor(journal_.epoch, c.cursor);
    std::string recovered = "null";
    if (c.standby) {
        shown = format_cursor(journal_.epoch, acked_.value_or(active->cursor));
    } else if (c.asked) {
        if (foreign) shown = format_cursor(*c.asked);
        recovered = foreign || expired || c.cursor + 1 < journal_.floor ? "false" : "true";
    }
    c.base = c.cursor;
    c.down.push_back(control("welcome", member("session_id", session_) + "," + member("client_id", "tab") + "," +
                                            member("connection_id", c.id) + "," +
                                            member("mode", c.standby ? "standby" : "mirror") + "," +
                                            member("epoch", journal_.epoch) + "," + member("cursor", shown) +
                                            R"(,"recovered":)" + recovered + R"(,"heartbeat_ms":1000)"));
    if (c.standby) return;
    if (foreign) {
        c.cursor = c.base = journal_.floor - 1 + below(journal_.head() - journal_.floor + 2);
        c.down.push_back(control("gap", R"("after":null,"lost":null,"at_most":null,"reason":"foreign_epoch",)" +
                                            member("before", format_cursor(journal_.epoch, c.cursor + 1))));
    } else if (expired) {
        c.down.push_back(control("gap", member("after", format_cursor(*c.asked)) + "," +
                                            member("before", format_cursor(journal_.epoch, session_opened_ + 1)) +
                                            R"(,"lost":null,"reason":"session_expired","at_most":)" +
                                            std::to_string(session_opened_ - c.cursor)));
        c.cursor = c.base = session_opened_;
    }
}

void World::pump(Connection& c, int budget) {
    if (!c.accepted || !c.server_alive || c.standby) return;
    if (c.cursor + 1 < journal_.floor) {
        c.down.push_back(control("gap", member("after", format_cursor(journal_.epoch, c.cursor)) + "," +
                                            member("before", format_cursor(journal_.epoch, journal_.floor)) +
                                            R"(,"reason":"retention","lost":)" +
                                            std::to_string(journal_.owed_between(c.cursor, journal_.floor)) +
                                            R"(,"at_most":)" + std::to_string(journal_.floor - c.cursor - 1)));
        c.cursor = c.base = journal_.floor - 1;
    }
    for (; budget > 0 && c.cursor < journal_.head(); --budget) {
        if (!journal_.owed[++c.cursor]) continue;
        c.down.push_back(R"({"id":")" + format_cursor(journal_.epoch, c.cursor) + R"(","type":"said"})");
    }
}

void World::heartbeat(Connection& c) {
    if (!c.accepted || !c.server_alive) return;
    const Seq cursor = c.standby ? acked_.value_or(0) : c.cursor;
    c.down.push_back(control("heartbeat", member("cursor", format_cursor(journal_.epoch, cursor)) + "," +
                                              member("head", format_cursor(journal_.epoch, journal_.head()))));
}

void World::promote(Connection& c, Seq cursor) {
    if (!c.standby && c.base <= cursor) return;
    ++(c.standby ? totals_->promotions : totals_->rewinds);
    c.standby = false;
    c.cursor = c.base = cursor;
    c.down.push_back(control("promoted", member("cursor", format_cursor(journal_.epoch, cursor))));
    if (!standby_mode_) return;
    for (auto& [attempt, other] : connections_) {
        if (attempt != c.attempt && other.accepted) other.standby = true;
    }
}

// The server has noticed: the next in line takes over from the last acknowledged position.
void World::server_lost(Connection& c) {
    const bool was_active = c.accepted && c.server_alive && !c.standby;
    c.server_alive = false;
    if (!c.client_alive) c.down.clear();
    if (!standby_mode_ || !was_active) return;
    for (auto& [attempt, other] : connections_) {
        if (other.accepted && other.server_alive && other.standby && acked_) return promote(other, *acked_);
    }
}

void World::restart() {
    ++totals_->restarts;
    for (auto& [attempt, c] : connections_) {
        if (c.accepted) c.standby = true;
    }
    for (auto& [attempt, c] : connections_) {
        if (c.accepted) c.server_alive = false, c.up.clear();
    }
    journal_ = Journal{"e" + std::to_string(++epochs_), {false}, 1};
    append();
    session_ = "s" + std::to_string(++sessions_);
    expired_session_.clear();
    session_opened_ = 0;
    acked_.reset();
    replies_.clear();
}

void World::expire() {
    for (auto& [attempt, c] : connections_) {
        if (c.accepted && c.server_alive) return;
    }
    ++totals_->expiries;
    expired_session_ = session_;
    session_ = "s" + std::to_string(++sessions_);
    session_opened_ = journal_.head();
    acked_.reset();
    replies_.clear();
}

std::string World::command(const std::string& text) {
    const Json message = Json::parse(text);
    const std::string type = message.at("type");
    const auto cursor_of = [&] { return parse_cursor(message.at("data").at("cursor").get<std::string>()); };
    if (type == "ack") {
        const auto cursor = cursor_of();
        const auto& at = oracle_.position();
        if (at && cursor->epoch == at->epoch && client_.applied()->epoch == at->epoch &&
            cursor->seq > client_.applied()->seq) {
            oracle_.fail("acknowledged what was not applied");
        }
        if (cursor->epoch == journal_.epoch) acked_ = std::max(acked_.value_or(0), cursor->seq);
        return "";
    }
    if (type == "promote") {
        const auto cursor = cursor_of();
        for (auto& [attempt, c] : connections_) {
            const bool meant = c.id == message.at("data").at("connection_id") && c.accepted && c.server_alive;
            if (meant && cursor->epoch == journal_.epoch) promote(c, cursor->seq);
        }
        return "";
    }
    const std::string id = message.at("id");
    if (!replies_.count(id) && chance(8)) {
        return control("reply",
                       member("command_id", id) + R"(,"ok":false,"error":{"code":"overloaded","retryable":true})");
    }
    std::string& reply = replies_[id];
    if (reply.empty()) {
        ++totals_->commands;
        if (++executed_[message.at("data")] > 1) oracle_.fail("a command was executed twice");
        reply = control("reply", member("command_id", id) + R"(,"ok":true)");
    }
    return reply;
}

void World::receive_up(Connection& c) {
    if (c.up.empty() || !c.server_alive || !c.accepted) return;
    const std::string text = std::move(c.up.front());
    c.up.pop_front();
    const std::string reply = command(text);
    if (!reply.empty() && c.server_alive) c.down.push_back(reply);
}

void World::answer(const Post& post, bool lost_before, bool lost_after) {
    int status = post.session_id == session_ ? 200 : 410;
    std::string replies = "[";
    if (lost_before) {
        status = 0;
    } else if (status == 200) {
        for (const Json& each : Json::parse(post.body)) {
            const std::string reply = command(each.dump());
            if (!reply.empty()) replies += (replies.size() > 1 ? "," : "") + reply;
        }
        if (lost_after) status = 0;
    }
    client_.post_answered(now_, post.id, status, status == 200 ? replies + "]" : "");
    take_outputs();
}

}  // namespace mythos::protocol::model
