#include "sim/client.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "sim/trace.hpp"

namespace mythos::sim {

using protocol::Wire;

Client::Client(Agenda& agenda, Server& server, Contents& contents, Rng rng, ClientSetup setup)
    : agenda_(agenda),
      server_(server),
      contents_(contents),
      rng_(rng),
      setup_(std::move(setup)),
      client_(setup_.config),
      next_command_(setup_.config.first_command),
      next_attempt_(setup_.config.first_attempt) {
    transcript_.name = setup_.name;
    transcript_.player = setup_.player;
    transcript_.client_id = setup_.config.client_id;
    transcript_.anonymous = setup_.config.client_id.empty();
    transcript_.bad_cursor = setup_.bad_cursor;
    for (Wire wire : protocol::kClientWires) {
        end(wire).owner = this;
        end(wire).wire = wire;
        end(wire).conditions = setup_.conditions[protocol::index_of(wire)];
    }
    if (const auto& cursor = setup_.config.cursor) {
        transcript_.events.push_back(Began{{cursor->epoch, cursor->seq}});
        began_ = true;
    }
}

Client::~Client() {
    for (auto& e : ends_)
        if (e.link) e.link->forget_end();
}

std::optional<Position> Client::applied() const {
    const auto& cursor = client_.applied();
    return cursor ? std::optional<Position>({cursor->epoch, cursor->seq}) : std::nullopt;
}

void Client::start() {
    client_.start(agenda_.now());
    after_input();
}

void Client::stop() {
    client_.stop(agenda_.now());
    after_input();
}

// ---- the application's wishes

void Client::command(CommandTranscript::Kind kind, std::string_view type, const std::string& data, std::string marker,
                     std::string channel) {
    position_ = applied();
    const auto id = client_.send_command(agenda_.now(), type, data);
    if (id) {
        ++next_command_;
        transcript_.commands.push_back({kind, *id, std::move(marker), std::move(channel), client_.session_id(), {}});
    }
    after_input();
}

void Client::subscribe(const std::string& channel, bool presence) {
    channels_.insert(channel);
    const nlohmann::json data =
        presence ? nlohmann::json{{"channel", channel}, {"presence", true}} : nlohmann::json{{"channel", channel}};
    command(CommandTranscript::Kind::subscribe, "subscribe", data.dump(), {}, channel);
}

void Client::unsubscribe(const std::string& channel) {
    channels_.erase(channel);
    command(CommandTranscript::Kind::unsubscribe, "unsubscribe", nlohmann::json{{"channel", channel}}.dump(), {},
            channel);
}

void Client::publish(const std::string& message, const std::string& marker) {
    command(CommandTranscript::Kind::publish, "publish", message, marker, {});
}

void Client::ask(std::string_view type, std::string_view data) {
    command(CommandTranscript::Kind::other, type, std::string(data), {}, {});
}

// ---- what the client wants done

void Client::after_input() {
    if (handling_) return;
    handling_ = true;
    auto& outputs = client_.outputs();
    while (!outputs.empty()) {
        protocol::Output next = std::move(outputs.front());
        outputs.pop_front();
        handle(std::move(next));
    }
    handling_ = false;
    schedule_tick();
}

void Client::schedule_tick() {
    const auto deadline = client_.next_deadline();
    if (!deadline) return;
    const MonoTime when = std::max(*deadline, agenda_.now() + microseconds(10));
    if (tick_at_ >= agenda_.now() && tick_at_ <= when) return;
    tick_at_ = when;
    agenda_.at(when, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || self->tick_at_ > self->agenda_.now()) return;
        self->tick_at_ = MonoTime{-1};
        self->position_ = self->applied();
        self->client_.tick(self->agenda_.now());
        self->after_input();
    });
}

void Client::handle(protocol::Output&& output) {
    std::visit(
        [&](auto&& o) {
            using T = std::decay_t<decltype(o)>;
            if constexpr (std::is_same_v<T, protocol::OpenWire>) {
                dial(o);
            } else if constexpr (std::is_same_v<T, protocol::CloseWire>) {
                if (end(o.wire).attempt == o.attempt) hang_up(end(o.wire), o.code);
            } else if constexpr (std::is_same_v<T, protocol::SendText>) {
                End& e = end(Wire::websocket);
                trace(agenda_.now(), [&] { return setup_.name + " sends " + o.text; });
                if (e.attempt == o.attempt && e.link) e.link->send_text(std::move(o.text));
            } else if constexpr (std::is_same_v<T, protocol::PostCommands>) {
                post(std::move(o));
            } else if constexpr (std::is_same_v<T, protocol::DeliverEntry>) {
                position_ = Position{o.id.epoch, o.id.seq};
                trace(agenda_.now(), [&] { return setup_.name + " applies " + o.json; });
                transcript_.events.push_back(Applied{*position_});
            } else if constexpr (std::is_same_v<T, protocol::TellGap>) {
                told_gap(o);
            } else if constexpr (std::is_same_v<T, protocol::CommandReply>) {
                using Kind = CommandTranscript::Outcome::Kind;
                trace(agenda_.now(),
                      [&] { return setup_.name + " is answered " + o.command_id + " " + o.data + o.error_code; });
                outcome(o.command_id,
                        {o.ok ? Kind::ok : Kind::refused, o.data, o.error_code, epoch_, client_.session_id()});
            } else if constexpr (std::is_same_v<T, protocol::OutcomeUnknown>) {
                trace(agenda_.now(),
                      [&] { return setup_.name + " never learns of " + o.command_id + ": " + o.reason; });
                outcome(o.command_id,
                        {CommandTranscript::Outcome::Kind::unknown, {}, o.reason, epoch_, client_.session_id()});
            } else if constexpr (std::is_same_v<T, protocol::SessionJoined>) {
                joined(o);
            } else if constexpr (std::is_same_v<T, protocol::Stopped>) {
                trace(agenda_.now(), [&] { return setup_.name + " stops: " + o.reason; });
                transcript_.ended = true;
                transcript_.events.push_back(Ended{o.reason});
            }
        },
        std::move(output));
}

void Client::joined(const protocol::SessionJoined& told) {
    epoch_ = told.epoch;
    transcript_.events.push_back(Joined{told.session_id, told.epoch, told.fresh});
    if (!told.fresh) return;
    // A well-behaved application asks again for what it wants to hear.
    for (const auto& channel : std::set<std::string>(channels_)) subscribe(channel, false);
}

void Client::told_gap(const protocol::TellGap& gap) {
    ToldGap told;
    if (gap.after) told.gap.after = Position{gap.after->epoch, gap.after->seq};
    told.gap.before = {gap.before.epoch, gap.before.seq};
    told.gap.lost = gap.lost;
    told.gap.at_most = gap.at_most;
    told.gap.reason = gap.reason;
    // A hold that overflows makes a wire cover nothing, which is not seen from here.
    const bool bases_tell = setup_.config.mode == protocol::Mode::mirror && setup_.config.held_entries_max > 1'000;
    if (bases_tell && position_) {
        for (const auto& e : ends_)
            told.other_wire_covers |= e.link && e.base && e.base->epoch == position_->epoch &&
                                      position_->epoch == gap.before.epoch && e.base->seq <= position_->seq;
    }
    trace(agenda_.now(), [&] { return setup_.name + " is told a gap before " + show(told.gap.before); });
    position_ = Position{gap.before.epoch, gap.before.seq - 1};
    transcript_.events.push_back(std::move(told));
}

void Client::outcome(const std::string& command_id, CommandTranscript::Outcome outcome) {
    for (auto& c : transcript_.commands) {
        if (c.id == command_id) return c.outcomes.push_back(std::move(outcome));
    }
    // An outcome of a command that was never sent: kept, for the oracle to object.
    transcript_.commands.push_back(
        {CommandTranscript::Kind::other, command_id, "never sent", {}, {}, {outcome, outcome}});
}

void Client::dial(const protocol::OpenWire& open) {
    End& e = end(open.wire);
    const bool websocket = open.wire == Wire::websocket;
    const Duration late = std::exchange(e.conditions.extra_dial_delay, {});
    e.attempt = open.attempt;
    next_attempt_ = open.attempt + 1;
    e.reader = std::make_shared<WireReader>(websocket, setup_.deflate && websocket);
    e.link = std::make_shared<Link>(agenda_, rng_.fork(), e.conditions.pace, &e, websocket);
    e.base.reset();
    e.close_code = 0;
    const auto loop = server_.any_loop();
    const bool blocked = agenda_.now() < e.conditions.blocked_until;
    trace(agenda_.now(), [&] {
        return setup_.name + " dials " + std::string(to_string(open.wire)) + " #" + std::to_string(open.attempt) +
               " session '" + open.session_id + "' cursor " + (open.cursor ? format_cursor(*open.cursor) : "none") +
               (loop && !blocked ? " on loop " + std::to_string(loop->index()) : " in vain");
    });
    if (!loop || blocked) {
        const bool silent = blocked && e.conditions.blocked_silently;
        e.link->reset(!silent, false);
        return;
    }
    e.transcript = transcript_.wires.size();
    WireTranscript wire;
    wire.websocket = websocket;
    wire.standby_asked = open.mode == protocol::Mode::standby;
    wire.session_asked = open.session_id;
    if (open.cursor) wire.cursor_asked = Position{open.cursor->epoch, open.cursor->seq};
    wire.life = server_.life();
    transcript_.wires.push_back(std::move(wire));
    hub::ConnectRequest request;
    request.wire = open.wire;
    request.player_id = setup_.player;
    request.session_id = open.session_id;
    request.client_id = open.client_id;
    if (open.cursor) request.cursor = format_cursor(*open.cursor);
    request.mode = open.mode;
    request.attempt = open.attempt;
    request.deflate = setup_.deflate && websocket;
    request.remote = "simulated";
    e.link->connect(loop, std::move(request), late);
}

void Client::hang_up(End& e, int code) {
    trace(agenda_.now(), [&] {
        return setup_.name + " closes " + std::string(to_string(e.wire)) + " #" + std::to_string(e.attempt) + " with " +
               std::to_string(code);
    });
    if (e.link) e.link->close_from_client(code);
    dropped(e);
}

void Client::dropped(End& e) {
    e.link.reset();
    e.base.reset();
}

void Client::post(protocol::PostCommands&& post) {
    const bool lose = agenda_.now() < lose_answers_until_;
    trace(agenda_.now(), [&] { return setup_.name + " posts " + post.body; });
    const auto id = post.post_id;
    server_.request(
        [p = std::move(post)](hub::LoopCore& core, MonoTime now, hub::AnswerTo answer) {
            core.post_commands(p.session_id, p.client_id, p.body, now, std::move(answer));
        },
        [weak = weak_from_this(), id](const hub::Answer* answer) {
            const auto self = weak.lock();
            if (!self) return;
            self->position_ = self->applied();
            self->client_.post_answered(self->agenda_.now(), id, answer ? answer->status : 0,
                                        answer ? answer->body : "");
            self->after_input();
        },
        lose);
}

// ---- how things stand

bool Client::settled() const {
    if (transcript_.ended) return true;
    bool carried = false;
    for (Wire wire : protocol::kClientWires) {
        if (!setup_.config.use_wire[protocol::index_of(wire)]) continue;
        const auto status = client_.wire_status(wire);
        carried |= status == protocol::WireStatus::live;
        if (status != protocol::WireStatus::live && status != protocol::WireStatus::standby &&
            status != protocol::WireStatus::barred && !transcript_.shut_out)
            return false;
    }
    if (!carried && transcript_.shut_out) return true;
    return carried && client_.commands_open() == 0;
}

std::size_t Client::wires_served() const {
    std::size_t served = 0;
    for (Wire wire : protocol::kClientWires) {
        const auto status = client_.wire_status(wire);
        served += status == protocol::WireStatus::live || status == protocol::WireStatus::standby ? 1 : 0;
    }
    return served;
}

std::string Client::standing() const {
    std::string text = setup_.name;
    for (Wire wire : protocol::kClientWires)
        text += ", " + std::string(protocol::to_string(wire)) + " " +
                std::string(protocol::wire_status_name(client_.wire_status(wire)));
    return text + ", " + std::to_string(client_.commands_open()) + " commands open";
}

const ClientTranscript& Client::transcript() {
    transcript_.connected = false;
    transcript_.barred = false;
    for (Wire wire : protocol::kClientWires) {
        transcript_.connected |= client_.wire_status(wire) == protocol::WireStatus::live;
        transcript_.barred |= client_.wire_status(wire) == protocol::WireStatus::barred;
    }
    transcript_.applied = applied();
    return transcript_;
}

}  // namespace mythos::sim
