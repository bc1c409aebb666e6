// The sequencer's part that lets connections in and out: joining, limits,
// displacement, where a stream begins, who is active and who stands by.
#include <algorithm>

#include "base/limits.hpp"
#include "hub/hub.hpp"
#include "hub/mutants.hpp"

namespace mythos::hub {

using protocol::CloseCode;
using protocol::Mode;
using protocol::Wire;
using stats::Counter;
using stats::Rejection;

namespace {

Refusal refuse(Rejection why, CloseCode code, int sse_status, const char* error_code, std::string message,
               int retry_after_s = 0) {
    Refusal r;
    r.why = why;
    r.code = code;
    r.sse_status = sse_status;
    r.error_code = error_code;
    r.message = std::move(message);
    r.retry_after_s = retry_after_s;
    return r;
}

}  // namespace

std::optional<Refusal> Hub::refuse_early(const ConnectRequest& request, bool& names_unknown) {
    if (draining_) {
        return refuse(Rejection::draining, CloseCode::going_away, 503, "draining",
                      "the server is shutting down; come back later", 5);
    }
    if (connections_.size() >= settings_.connections_max && predecessor_of(request) == nullptr) {
        return refuse(Rejection::connection_limit, CloseCode::overloaded, 503, "connection_limit",
                      "the server has all the connections it may", 5);
    }
    if (!has_room()) {
        return refuse(Rejection::overloaded, CloseCode::overloaded, 503, "overloaded",
                      "the server cannot keep up; come back later", 5);
    }
    if (const Duration waits = take_turn(request.player_id); waits > Duration{}) {
        Refusal r = refuse(Rejection::rate_limited, CloseCode::overloaded, 429, "rate_limited",
                           "this player asks more often than limits.requests allows", whole_seconds(waits));
        r.before_upgrade = true;
        r.status = 429;
        return r;
    }
    if (request.session_id.empty()) return std::nullopt;
    if (replaced_.contains(request.session_id) && !mutant(Mutant::replaced_session_joins)) {
        Refusal r = refuse(Rejection::session_replaced, CloseCode::session_replaced, 204, "session_replaced",
                           "this session was replaced by a newer one");
        r.visible_at = appended();
        return r;
    }
    const auto it = sessions_.find(request.session_id);
    names_unknown = it == sessions_.end();
    if (!names_unknown && it->second->player->player_id() != request.player_id) {
        Refusal r = refuse(Rejection::foreign_session, CloseCode::policy, 403, "foreign_session",
                           "this session belongs to another player");
        r.before_upgrade = true;
        return r;
    }
    return std::nullopt;
}

// The living connection of the same client and wire: whatever the limits, the newcomer takes its place.
Connection* Hub::predecessor_of(const ConnectRequest& request) const {
    const auto it = players_.find(request.player_id);
    if (it == players_.end() || !it->second.session) return nullptr;
    const Client* client = it->second.session->find_client(request.client_id);
    return client == nullptr ? nullptr : client->wires[index_of(request.wire)];
}

// Displaces where the policy says so; a refusal where there is no room.
std::optional<Refusal> Hub::make_room(const ConnectRequest& request, Session& session) {
    const auto has_room = [&] { return session.connections < settings_.connections_per_player; };
    if (!session.absent) session.absent = has_room() ? nullptr : std::make_unique<Absent>();
    if (!session.absent) return std::nullopt;
    auto& displaced = session.absent->displaced;
    const auto was_displaced =
        std::find(displaced.begin(), displaced.end(), std::pair(request.client_id, request.wire));
    if (was_displaced != displaced.end()) {
        if (!has_room()) {
            return refuse(Rejection::displaced, CloseCode::displaced, 204, "displaced",
                          "displaced by a newer connection of this player");
        }
        displaced.erase(was_displaced);
    }
    while (!has_room()) {
        if (settings_.limit_policy == LimitPolicy::refuse || session.connections == 0) {
            return refuse(Rejection::player_limit, CloseCode::displaced, 429, "player_limit",
                          "this player has all the connections it may", 5);
        }
        const auto living = session.connections_by_age();
        auto victim =
            std::find_if(living.begin(), living.end(), [&](const Connection* c) { return c->wire == request.wire; });
        if (victim == living.end()) victim = living.begin();
        if ((*victim)->client->named) {
            if (displaced.size() >= kDisplacedMax) displaced.erase(displaced.begin());
            displaced.emplace_back((*victim)->client->client_id(), (*victim)->wire);
        }
        displace(**victim, CloseCode::displaced, "displaced by a newer connection of this player");
    }
    return std::nullopt;
}

std::variant<Admitted, Refusal> Hub::connect(const ConnectRequest& request, ConnectionKey key, std::uint32_t loop) {
    bool names_unknown = false;
    if (auto refusal = refuse_early(request, names_unknown)) return *refusal;
    Player& player = player_of(request.player_id);
    if (mutant(Mutant::second_opening_opens_again) && player.session &&
        player.session->opened_seq > journal_.ring().head()) {
        sessions_.erase(player.session->session_id);
        (void)player.session.release();  // its connections still refer to it
    }
    const bool opens = player.session == nullptr;
    if (opens && sessions_.size() >= settings_.sessions_max) {
        drop_player_if_idle(player);
        return refuse(Rejection::session_limit, CloseCode::overloaded, 503, "session_limit",
                      "the server has all the sessions it may", 5);
    }
    if (!opens) {
        Connection* own = predecessor_of(request);
        if (own != nullptr && request.attempt != 0 && own->attempt > request.attempt) {
            // A request that its client gave up long ago, only now arrived.
            return refuse(Rejection::displaced, CloseCode::displaced, 204, "displaced",
                          "a newer connection of this client came first");
        }
        if (own != nullptr) displace(*own, CloseCode::displaced, "replaced by this client itself");
        if (auto refusal = make_room(request, *player.session)) return *refusal;
        if (!request.client_id.empty() && !has_place_for(*player.session, request.client_id)) {
            return refuse(Rejection::player_limit, CloseCode::policy, 429, "limit",
                          "this session has all the clients it may", 5);
        }
    }
    Session& session = opens ? open_session(player) : *player.session;
    Client& client = client_for(session, request.client_id);

    Admitted out;
    const Connection* other = client.wires[1 - index_of(request.wire)];
    out.alone = other == nullptr;
    out.standby = request.mode == Mode::standby && client.named && other != nullptr && !other->standby;
    out.reconnect = request.cursor.has_value();
    decide_start(request, names_unknown, session, client, out);

    Connection& made = connections_[key];
    made.key = key;
    made.loop = loop;
    made.wire = request.wire;
    made.attempt = request.attempt;
    made.standby = out.standby;
    made.connection_id = random_name("k_", kIdBits);
    made.session = &session;
    made.client = &client;
    made.opened_at = out.opened_at = wall_;
    out.names.connection_id = made.connection_id;
    out.names.session_id = session.session_id;
    out.names.client_id = client.client_id();
    out.player_id = player.player_id();
    out.session = session.handle;
    out.opened_seq = session.opened_seq;
    out.intervals = session.intervals;
    out.intervals_at = appended();
    out.client = client.state;
    // A loop learns of a subscription's end from its entry only while it stands below it: the stream must not begin
    // before everything that `intervals` knows of is visible.
    out.visible_at = out.intervals_at;
    client.state->sent[index_of(request.wire)].store(out.after, std::memory_order_relaxed);
    for (const Client& c : session.clients)
        for (std::size_t w = 0; w < 2; ++w) out.names.existing[w] += c.wires[w] != nullptr;
    set_wire(session, client, request.wire, &made);
    session.connections_peak = std::max(session.connections_peak, ++session.connections);
    out.names.connections = connections_.size();
    return out;
}

std::size_t Hub::connections_of(const std::string& player_id) const {
    const auto it = players_.find(player_id);
    return it == players_.end() || !it->second.session ? 0 : it->second.session->connections;
}

bool Hub::complete(DeliveryReport& report, ConnectionKey key, Seq seq) const {
    const auto it = connections_.find(key);
    if (it == connections_.end() || it->second.session == nullptr) return false;
    const Connection& connection = it->second;
    report.message_id = id(seq);
    report.connections = connection.session->connections;
    for (const Client& client : connection.session->clients)
        for (const Connection* wire : client.wires) report.active_connections += wire != nullptr && !wire->standby;
    for (std::size_t w = 0; w < 2; ++w) {
        const Connection* wire = connection.client->wires[w];
        report.wires[w] = wire != nullptr && connection.client->state->sent[w].load(std::memory_order_relaxed) >= seq;
    }
    return true;
}

// Where a session has all the clients it may, a newcomer takes the place of the one that has been away longest.
bool Hub::has_place_for(Session& session, const std::string& client_id) {
    if (session.find_client(client_id) != nullptr) return true;
    std::size_t clients = 0;
    Client* longest_away = nullptr;
    for (Client& c : session.clients) {
        ++clients;
        if (!c.connected() && (longest_away == nullptr || c.left_at < longest_away->left_at)) longest_away = &c;
    }
    if (clients < settings_.clients_per_session) return true;
    if (longest_away == nullptr) return false;
    settle_client(session, *longest_away);
    session.clients.remove_if([&](const Client& c) { return &c == longest_away; });
    return true;
}

Client& Hub::client_for(Session& session, const std::string& client_id) {
    if (!client_id.empty()) {
        if (Client* known = session.find_client(client_id)) return *known;
    }
    Client& client = session.clients.emplace_front();
    client.named = !client_id.empty();
    client.state = std::make_shared<ClientState>(totals_, client.named ? client_id : random_name("a_", kIdBits));
    if (session.absent) {
        auto& swept = session.absent->swept;
        const auto was =
            std::find_if(swept.begin(), swept.end(), [&](const auto& s) { return s.first == client.client_id(); });
        if (was != swept.end()) {
            client.outcomes.restore_forgotten(was->second);
            swept.erase(was);
        }
    }
    return client;
}

void Hub::decide_start(const ConnectRequest& request, bool names_unknown, const Session& session, const Client& client,
                       Admitted& out) {
    const Seq head = std::max(journal_.ring().head(), session.opened_seq);
    ClientState& state = *client.state;
    Seq siblings = head;
    for (std::size_t w = 0; w < 2; ++w)
        if (client.wires[w] != nullptr && !client.wires[w]->standby)
            siblings = std::min(siblings, std::max(state.sent[w].load(std::memory_order_relaxed), session.opened_seq));
    out.after = siblings;
    if (request.cursor) {
        const Cursor cursor = parse_cursor(*request.cursor).value_or(Cursor{});
        if (cursor.epoch != journal_.epoch()) {
            out.start = Start::foreign_epoch;
        } else if (cursor.seq > journal_.ring().head()) {
            out.start = Start::future_cursor;
        } else if (names_unknown || cursor.seq < session.opened_seq) {
            out.start = Start::session_expired;
            out.after = std::max(cursor.seq, session.opened_seq);
        } else {
            out.start = Start::resumed;
            out.after = cursor.seq;
            state.acknowledge(cursor.seq, now_, false);
        }
    }
    if (out.standby) {
        out.after = std::max(state.acked(), session.opened_seq);
    } else if (out.alone && state.acked() == 0) {
        // Where it begins; a request that arrives late must not move what its client has acknowledged.
        state.acknowledge(out.after, now_, false);
    }
}

void Hub::displace(Connection& connection, CloseCode code, const char* reason, bool asked) {
    Effect close;
    close.kind = Effect::Kind::close;
    close.loop = connection.loop;
    close.key = connection.key;
    close.code = code;
    close.reason = reason;
    close.asked = asked;
    effects_.push_back(std::move(close));
    detach(connection);
}

void Hub::set_wire(Session& session, Client& client, Wire wire, Connection* connection) {
    census_.count(session, -1);
    client.wires[index_of(wire)] = connection;
    census_.count(session, 1);
    if (wire == Wire::websocket)
        client.state->websocket_gone_ns.store(connection ? ClientState::kHasWebsocket : now_.ns);
}

// The connection stops counting; its record stays until its loop says that it is gone.
void Hub::detach(Connection& connection) {
    if (connection.leaving) return;
    connection.leaving = true;
    Session& session = *connection.session;
    Client& client = *connection.client;
    set_wire(session, client, connection.wire, nullptr);
    if (!client.connected()) client.left_at = now_;
    if (--session.connections == 0) {
        session.grace_until = now_ + settings_.grace;
        graces_.emplace(session.grace_until, session.session_id);
    }
    const bool was_active = !connection.standby;
    if (history_ != nullptr)
        connection.was.reset(
            new Connection::Names{session.player->player_id(), session.session_id, std::string(client.client_id())});
    connection.session = nullptr;
    connection.client = nullptr;
    if (was_active && sessions_.contains(session.session_id)) promote_standby(client);
    if (!client.named && !client.connected()) {
        end_account(session, client);
        session.clients.remove_if([&](const Client& c) { return &c == &client; });
    }
}

void Hub::promote_standby(Client& client) {
    for (Connection* other : client.wires) {
        if (other == nullptr || !other->standby) continue;
        other->standby = false;
        counters_.add(Counter::promotions);
        Effect promote;
        promote.kind = Effect::Kind::promote;
        promote.loop = other->loop;
        promote.key = other->key;
        promote.cursor = client.state->acked();
        if (mutant(Mutant::promote_from_sent_position))
            promote.cursor = client.state->sent[1 - index_of(other->wire)].load();
        effects_.push_back(std::move(promote));
    }
}

void Hub::leaving(ConnectionKey key) {
    const auto it = connections_.find(key);
    if (it != connections_.end()) detach(it->second);
}

void Hub::disconnected(ConnectionKey key, std::optional<Ending> ending) {
    const auto it = connections_.find(key);
    if (it == connections_.end()) return;
    Connection& gone = it->second;
    detach(gone);
    if (gone.was && ending)
        history_->push({.kind = store::Event::Kind::connection_closed,
                        .wire = gone.wire,
                        .close_code = ending->code,
                        .reason = name_of(ending->reason),
                        .created_at = gone.opened_at,
                        .closed_at = wall_,
                        .player_id = gone.was->player_id,
                        .session_id = gone.was->session_id,
                        .client_id = gone.was->client_id,
                        .connection_id = gone.connection_id});
    connections_.erase(it);
}

CommandContext Hub::context_of(ConnectionKey key) {
    const auto it = connections_.find(key);
    if (it == connections_.end() || it->second.leaving) return {};
    return {it->second.session, it->second.client, key};
}

CommandContext Hub::same_context(const std::string& session_id, const std::string& client_id,
                                 ConnectionKey connection) {
    const auto it = sessions_.find(session_id);
    if (it == sessions_.end()) return {};
    Client* client = it->second->find_client(client_id);
    // A client without a name of its own lives and dies with its connection.
    if (client == nullptr && connection != 0) return context_of(connection);
    return client == nullptr ? CommandContext{} : CommandContext{it->second, client, connection};
}

CommandContext Hub::context_of_player(const std::string& player_id) {
    const auto it = players_.find(player_id);
    return it == players_.end() ? CommandContext{} : CommandContext{it->second.session.get(), nullptr, 0};
}

Result<CommandContext> Hub::context_for_post(const std::string& session_id, const std::string& client_id,
                                             const std::string& player_id) {
    if (replaced_.contains(session_id))
        return Error{"session_replaced", "this session was replaced by a newer one; nothing was executed"};
    const auto it = sessions_.find(session_id);
    if (it == sessions_.end())
        return Error{"session_expired", "no such session lives; connect again, nothing was executed"};
    Session& session = *it->second;
    if (!player_id.empty() && session.player->player_id() != player_id)
        return Error{"foreign_session", "this session belongs to another player; nothing was executed"};
    if (client_id.empty()) return CommandContext{&session, nullptr, 0};
    if (!has_place_for(session, client_id)) return Error{"limit", "this session has all the clients it may"};
    Client& client = client_for(session, client_id);
    if (!client.connected()) client.left_at = now_;
    return CommandContext{&session, &client, 0};
}

}  // namespace mythos::hub
