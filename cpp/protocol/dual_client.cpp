#include "protocol/dual_client.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "protocol/earliest.hpp"
#include "protocol/json_text.hpp"

namespace mythos::protocol {
namespace {

using Phase = WireLink::Phase;

constexpr int kNormalClosure = number(CloseCode::normal);

}  // namespace

DualClient::DualClient(ClientConfig config)
    : config_(as_granted(std::move(config))),
      jitter_(config_.jitter_seed, config_.fixed_jitter),
      merge_(config_, outputs_),
      commands_(config_, jitter_, outputs_),
      acks_(config_),
      promotion_(config_),
      sides_{WireSide(config_, jitter_), WireSide(config_, jitter_)},
      session_id_(config_.session_id) {}

void DualClient::start(MonoTime now) {
    running_ = true;
    const bool one_after_another = config_.mode == Mode::standby && config_.use_wire[0] && config_.use_wire[1];
    for (Wire wire : kClientWires) {
        WireLink& link = side(wire).link;
        const bool idle = link.phase() == Phase::off || link.phase() == Phase::barred;
        if (!config_.use_wire[index_of(wire)] || !idle) continue;
        const bool second = one_after_another && wire == Wire::sse && !side(Wire::websocket).link.live();
        link.open_at(second ? now + config_.second_wire_delay : now);
        side(wire).reason = "start";
    }
    settle(now);
}

void DualClient::stop(MonoTime now) {
    if (!running_) return;
    acks_.heartbeat();
    acknowledge(now);
    stop_all("stopped");
    settle(now);
}

// The welcome is what counts; the connect timeout goes on until then.
void DualClient::wire_opened(MonoTime now, Wire wire, std::uint64_t attempt) {
    if (side(wire).link.is_current(attempt)) settle(now);
}

void DualClient::wire_closed(MonoTime now, Wire wire, std::uint64_t attempt, const CloseInfo& info) {
    if (!side(wire).link.is_current(attempt)) return;
    ended(now, wire, info);
    settle(now);
}

void DualClient::message(MonoTime now, Wire wire, std::uint64_t attempt, std::string_view json) {
    WireLink& link = side(wire).link;
    if (!link.is_current(attempt)) return;
    auto message = parse_server_message(json);
    const bool may_come_first =
        std::holds_alternative<WelcomeMessage>(message) || std::holds_alternative<ClosedMessage>(message);
    if (link.live()) {
        if (link.heard(now)) side(wire).reason = "heard";
    } else if (!may_come_first) {
        ++malformed_;
        return;
    }
    handle(now, wire, std::move(message), json);
    settle(now);
}

void DualClient::handle(MonoTime now, Wire wire, ServerMessage&& message, std::string_view json) {
    std::visit(
        [&](auto&& m) {
            using T = std::decay_t<decltype(m)>;
            if constexpr (std::is_same_v<T, EntryMessage>) {
                entry(now, wire, std::move(m), json);
            } else if constexpr (std::is_same_v<T, WelcomeMessage>) {
                side(wire).link.live() ? void(++malformed_) : welcome(now, wire, std::move(m));
            } else if constexpr (std::is_same_v<T, GapMessage>) {
                merge_.gap(wire, m);
            } else if constexpr (std::is_same_v<T, PromotedMessage>) {
                promoted(wire, m.cursor);
            } else if constexpr (std::is_same_v<T, ReplyMessage>) {
                commands_.reply(now, m);
            } else if constexpr (std::is_same_v<T, HeartbeatMessage>) {
                heartbeat(now, wire, m);
            } else if constexpr (std::is_same_v<T, DrainingMessage>) {
                side(wire).link.hold_off_until(now + m.reconnect_after);
            } else if constexpr (std::is_same_v<T, ClosedMessage>) {
                outputs_.push_back(CloseWire{wire, side(wire).link.attempt(), kNormalClosure, m.reason});
                ended(now, wire, CloseInfo{m.code, 0, m.reason, std::nullopt});
            } else if constexpr (std::is_same_v<T, UnknownMessage>) {
                ++unknown_types_;
            } else {
                ++malformed_;
            }
        },
        std::move(message));
}

void DualClient::welcome(MonoTime now, Wire wire, WelcomeMessage&& m) {
    WireSide& s = side(wire);
    if (!join(now, wire, m)) return;
    s.link.welcome(now, m.heartbeat, std::move(m.connection_id));
    s.reason = "welcome";
    s.welcome_cursor = m.cursor;
    s.standby = m.mode == to_string(Mode::standby);
    post_blocked_ = false;
    if (s.standby) {
        merge_.detach(wire);
    } else {
        become_active(wire, false);
        merge_.attach(wire, m.cursor, Merge::By::welcome);
    }
    hasten_second(now, wire);
}

// Takes over the welcome's session and epoch. False if it is the older of two that
// differ: a connection begun before the one that brought what counts now. That one may be
// gone again meanwhile; going back to an epoch left before would apply its entries twice.
bool DualClient::join(MonoTime now, Wire wire, const WelcomeMessage& m) {
    const bool other_session = !session_id_.empty() && session_id_ != m.session_id;
    const bool other_epoch = !merge_.epoch().empty() && merge_.epoch() != m.epoch;
    const bool first = merge_.epoch().empty();
    const Wire other = other_wire(wire);
    if (other_session || other_epoch) {
        const WireLink& rival = side(other).link;
        if (side(wire).link.attempt() < joined_by_) {
            close(now, wire, kNormalClosure, "stale_welcome", true);
            return false;
        }
        if (rival.live() && !config_.faults.keep_other_epoch) close(now, other, kNormalClosure, "other_session", true);
        commands_.abandon(other_epoch ? "epoch_changed" : "session_changed", false);
        first_post_of_session_ = next_post_;
        ack_post_.reset();
    }
    session_id_ = m.session_id;
    joined_by_ = std::max(joined_by_, side(wire).link.attempt());
    merge_.set_epoch(m.epoch);
    if (first || other_session || other_epoch) {
        outputs_.push_back(SessionJoined{m.session_id, m.player_id, m.epoch, other_session || other_epoch});
    }
    return true;
}

// In standby mode one wire carries the stream; the last word that arrives decides which.
// Words on two wires can arrive in the other order than they were said in. So where this
// one was not asked for, asking now makes both ends agree (a wire that is active already
// is left as it is); `heartbeat` does the same later, should that request be lost.
void DualClient::become_active(Wire wire, bool asked) {
    WireSide& other = side(other_wire(wire));
    side(wire).standby = false;
    had_active_ = true;
    if (config_.mode != Mode::standby || !other.link.live() || other.standby) return;
    other.standby = true;
    other.reason = "demoted";
    merge_.detach(other_wire(wire));
    if (!asked && merge_.applied_seq()) send_promote(wire);
}

void DualClient::promoted(Wire wire, const Cursor& cursor) {
    side(wire).reason = "promoted";
    become_active(wire, promotion_.awaits(wire));
    promotion_.reset(wire);
    if (config_.faults.ignore_promoted_marker && merge_.place(wire) != Place::none) return;
    merge_.attach(wire, cursor, Merge::By::promoted);
}

void DualClient::entry(MonoTime now, Wire wire, EntryMessage&& m, std::string_view json) {
    const auto before = merge_.counters().delivered;
    const auto ts = m.ts;
    merge_.entry(wire, std::move(m), json);
    if (config_.report_delay && ts && merge_.counters().delivered > before) delay_.applied(now, *ts);
}

void DualClient::heartbeat(MonoTime now, Wire wire, const HeartbeatMessage& m) {
    if (config_.report_delay && m.ts) delay_.heard(now, *m.ts);
    merge_.complete_up_to(wire, m.cursor);
    acks_.heartbeat();
    // Behind the head, or taken for a standby by the server: nothing else tells them apart.
    const bool behind = m.head && m.head->epoch == merge_.epoch() && m.cursor.seq < m.head->seq;
    if (config_.mode == Mode::standby && behind && merge_.covers(wire)) send_promote(wire);
}

void DualClient::open(MonoTime now, Wire wire) {
    std::optional<Cursor> cursor = merge_.applied();
    if (config_.faults.connect_without_cursor) cursor.reset();
    if (config_.faults.connect_from_seen && merge_.applied_seq()) cursor->seq = std::max(cursor->seq, merge_.seen());
    const auto attempt = next_attempt_++;
    side(wire).link.opening(now, attempt);
    side(wire).reason = "open";
    outputs_.push_back(OpenWire{wire, attempt, session_id_, config_.client_id, std::move(cursor), config_.mode});
}

// The connection is gone, by whomever's doing: decides whether and when it returns.
void DualClient::ended(MonoTime now, Wire wire, const CloseInfo& info) {
    WireLink& link = side(wire).link;
    lose(wire, info.reason.empty() ? "closed" : info.reason);
    switch (const auto fate = after_close(info)) {
        case AfterClose::session_replaced:
            link.end(Phase::off);
            return stop_all("session_replaced");
        case AfterClose::barred:
            link.end(Phase::barred);
            if (all_ended(sides_)) stop_all("displaced");
            break;
        case AfterClose::refused:
            link.end(Phase::refused);
            break;
        case AfterClose::retry_soon:
        case AfterClose::retry_later:
            link.closed(now, fate == AfterClose::retry_soon, info.retry_after);
            break;
    }
    hasten_second(now, wire);
}

void DualClient::lose(Wire wire, std::string_view reason) {
    WireSide& s = side(wire);
    merge_.detach(wire);
    promotion_.reset(wire);
    if (wire == Wire::websocket) commands_.carrier_lost(s.link.attempt());
    s.standby = false;
    s.reason = reason;
}

void DualClient::close(MonoTime now, Wire wire, int code, std::string_view reason, bool soon) {
    outputs_.push_back(CloseWire{wire, side(wire).link.attempt(), code, std::string(reason)});
    lose(wire, reason);
    side(wire).link.closed(now, soon, std::nullopt);
    hasten_second(now, wire);
}

void DualClient::stop_all(std::string_view reason) {
    running_ = had_active_ = false;
    carrier_.reset();
    for (Wire wire : kClientWires) {
        WireSide& s = side(wire);
        if (s.open()) {
            outputs_.push_back(CloseWire{wire, s.link.attempt(), kNormalClosure, std::string(reason)});
            lose(wire, reason);
        }
        s.reason = reason;
        s.link.end(Phase::off);
    }
    commands_.abandon(reason, true);
    first_post_of_session_ = next_post_;
    ack_post_.reset();
    outputs_.push_back(Stopped{std::string(reason)});
}

// The other wire waited only for this one's fate to be known.
void DualClient::hasten_second(MonoTime now, Wire wire) {
    WireLink& other = side(other_wire(wire)).link;
    if (running_ && other.phase() == Phase::waiting && other.attempt() == 0) other.open_at(now);
}

void DualClient::post_answered(MonoTime now, std::uint64_t post_id, int status, std::string_view body,
                               std::optional<Duration> retry_after) {
    if (post_id < first_post_of_session_) return;
    if (ack_post_ == post_id) ack_post_.reset();
    const auto verdict = commands_.post_answered(now, post_id, status, body, retry_after);
    if (verdict == PostVerdict::session_replaced && running_) stop_all("session_replaced");
    if (verdict == PostVerdict::session_expired || verdict == PostVerdict::unauthorised) post_blocked_ = true;
    settle(now);
}

void DualClient::tick(MonoTime now) {
    for (Wire wire : kClientWires) {
        WireSide& s = side(wire);
        const auto due = s.link.due(now);
        if (due == WireLink::Due::give_up) close(now, wire, kNormalClosure, "connect_timeout", false);
        if (due == WireLink::Due::dead) close(now, wire, number(CloseCode::heartbeat_missed), "heartbeat", true);
        if (due != WireLink::Due::missed) continue;
        s.link.mark_missed();
        s.reason = "heartbeat";
        // What it carries goes on the other wire at once; the id keeps it from running twice.
        if (wire == Wire::websocket && side(Wire::sse).link.healthy()) commands_.carrier_lost(s.link.attempt());
    }
    commands_.tick(now);
    if (ack_post_ && now >= ack_post_deadline_) ack_post_.reset();
    settle(now);
}

Result<std::string> DualClient::send_command(MonoTime now, std::string_view type, std::string_view data) {
    if (!running_) return Error{"stopped", "The client is stopped; start it first."};
    auto id = commands_.add(type, data);
    if (id) settle(now);
    return id;
}

// What follows from any input, in this order, which the test vectors rely on.
void DualClient::settle(MonoTime now) {
    for (Wire wire : kClientWires) {
        if (side(wire).link.due(now) == WireLink::Due::open) open(now, wire);
    }
    if (running_) {
        promote_if_needed(now);
        commands_.flush(now, route(), session_id_, next_post_);
        const auto total = merge_.counters().delivered + merge_.counters().gaps_told;
        acks_.applied(now, total - std::exchange(acked_total_, total));
        if (acks_.due(now)) acknowledge(now);
    }
    for (Wire wire : kClientWires) side(wire).tell(wire, outputs_);
    tell_failover(carrier_, sides_, merge_, outputs_);
}

void DualClient::promote_if_needed(MonoTime now) {
    const auto decision = promotion_.decide(now, {view(Wire::websocket), view(Wire::sse)});
    if (decision.step == Promotion::Step::give_up) {
        close(now, decision.wire, kNormalClosure, "promote_unanswered", true);
    } else if (decision.step == Promotion::Step::ask) {
        promotion_.could_not_ask(decision.wire);
        if (!may_promote(decision.wire)) return;
        // A client that has applied nothing yet starts where its standby stands.
        merge_.start_at(side(decision.wire).welcome_cursor);
        if (merge_.applied() && send_promote(decision.wire)) promotion_.asked(decision.wire, now);
    }
}

// A standby that is welcomed before the first active wire waits for that one.
bool DualClient::may_promote(Wire wire) const {
    const WireLink& other = side(other_wire(wire)).link;
    const bool active_may_come =
        other.phase() == Phase::connecting || (other.phase() == Phase::waiting && other.attempt() == 0);
    return had_active_ || !active_may_come;
}

bool DualClient::send_promote(Wire wire) {
    Cursor cursor = *merge_.applied();
    if (config_.faults.promote_from_seen) cursor.seq = std::max(cursor.seq, merge_.seen());
    return send_by(route(), promote_text(side(wire).link.connection_id(), cursor));
}

// A message without an id: no reply, and nothing to be sent again.
bool DualClient::send_by(const Route& route, std::string text) {
    if (route.by == Route::By::none) return false;
    if (route.by == Route::By::websocket) {
        outputs_.push_back(SendText{route.attempt, std::move(text)});
    } else {
        outputs_.push_back(PostCommands{next_post_++, session_id_, config_.client_id, "[" + std::move(text) + "]"});
    }
    return true;
}

bool DualClient::can_acknowledge() const {
    return running_ && !ack_post_ && merge_.applied_seq() && route().by != Route::By::none;
}

void DualClient::acknowledge(MonoTime now) {
    if (!can_acknowledge()) return;
    const Route by = route();
    Cursor cursor = *merge_.applied();
    if (config_.faults.ack_ahead) cursor.seq = std::max(cursor.seq, merge_.seen());
    AckReport report{&merge_.counters(), statistics_, {}, acks_.for_heartbeat() ? delay_.take() : ""};
    for (const WireSide& s : sides_)
        if (s.link.healthy()) report.alive.push_back(s.link.connection_id());
    if (by.by == Route::By::post) {
        ack_post_ = next_post_;
        ack_post_deadline_ = now + config_.post_timeout;
    }
    send_by(by, ack_text(cursor, acks_.for_heartbeat() ? &report : nullptr));
    acks_.sent();
}

WireView DualClient::view(Wire wire) const {
    const WireLink& link = side(wire).link;
    const Place place = merge_.place(wire);
    return {link.live(), link.healthy(), merge_.covers(wire) || place == Place::awaiting_gap,
            place == Place::overflowed};
}

std::optional<MonoTime> DualClient::next_deadline() const {
    Earliest earliest;
    for (const WireSide& s : sides_) earliest.consider(s.link.deadline());
    if (!running_) return earliest.value();
    earliest.consider(promotion_.deadline());
    earliest.consider(commands_.deadline(route()));
    if (can_acknowledge()) earliest.consider(acks_.deadline());
    if (ack_post_) earliest.consider(ack_post_deadline_);
    return earliest.value();
}

void DualClient::set_statistics(std::string_view json) { statistics_ = is_valid_json(json) ? compact_json(json) : ""; }

void DualClient::credentials_renewed(MonoTime now) {
    post_blocked_ = false;
    for (WireSide& s : sides_)
        if (s.link.phase() == Phase::refused) s.link.open_at(now);
    settle(now);
}

}  // namespace mythos::protocol
