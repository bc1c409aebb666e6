#include "sim/link.hpp"

#include <algorithm>
#include <utility>

#include "sim/loop.hpp"

namespace mythos::sim {
namespace {}  // namespace

Link::Link(Agenda& agenda, Rng rng, LinkPace pace, LinkEnd* end, bool websocket)
    : agenda_(agenda),
      rng_(rng),
      pace_(pace),
      end_(end),
      websocket_(websocket),
      begun_(agenda.now()),
      last_ack_(agenda.now()) {}

void Link::connect(std::shared_ptr<Loop> loop, hub::ConnectRequest request, Duration extra_delay) {
    loop_ = std::move(loop);
    request_ = std::move(request);
    put_up({Up::Kind::open, {}, 0, {}}, extra_delay);
}

void Link::send_text(std::string text) {
    if (broken_ && answers_reset_) tell_client_closed_after(pace_.up + pace_.down);
    put_up({Up::Kind::text, std::move(text), 0, {}});
}

void Link::send_pong(std::string payload) { put_up({Up::Kind::pong, std::move(payload), 0, {}}); }

void Link::close_from_client(int code) {
    client_over_ = true;
    end_ = nullptr;
    if (websocket_ && code != 0) put_up({Up::Kind::close, {}, code, {}});
    put_up({Up::Kind::end, {}, 0, {}}, websocket_ && code != 0 ? milliseconds(50) : Duration{});
    discard_down();
}

std::string Link::describe() const {
    std::string text = request_.player_id + " " + request_.client_id + (websocket_ ? " websocket" : " sse");
    if (admission_) text += " " + admission_->connection_id;
    if (broken_) text += ", broken";
    if (client_over_) text += ", client over";
    if (gone_posted_) text += ", gone told";
    if (finishing_) text += ", finishing";
    if (dead_to_server_) text += ", dead to the server";
    return text + ", " + std::to_string(stored_) + " bytes unread";
}

// ---- towards the server

void Link::put_up(Up parcel, Duration extra) {
    if (broken_) return;
    parcel.ready = last_up_ = std::max(last_up_, agenda_.now() + pace_.up + extra);
    const MonoTime ready = parcel.ready;
    up_.push_back(std::move(parcel));
    agenda_.at(ready, [self = shared_from_this()] { self->pump_up(); });
}

void Link::pump_up() {
    const MonoTime now = agenda_.now();
    while (!up_.empty() && !broken_ && up_.front().ready <= now) {
        if (now < still_until_) {
            agenda_.at(still_until_, [self = shared_from_this()] { self->pump_up(); });
            return;
        }
        if (paused_ && up_.front().kind == Up::Kind::text) return;
        Up parcel = std::move(up_.front());
        up_.pop_front();
        deliver_up(std::move(parcel));
    }
}

void Link::deliver_up(Up parcel) {
    open_posted_ |= parcel.kind == Up::Kind::open;
    if (parcel.kind == Up::Kind::end) {
        dead_to_server_ = true;
        return tell_server_gone();
    }
    loop_->post([self = shared_from_this(), parcel = std::move(parcel)](hub::LoopCore& core, MonoTime now) {
        if (parcel.kind == Up::Kind::open) {
            self->loop_->hold_link(self);
            self->loop_->note_opening(*self);
            self->key_ = core.open(self->request_, self.get(), now);
            return;
        }
        if (self->server_over_) return;
        core.heard(self->key_, now);
        if (parcel.kind == Up::Kind::text) core.received(self->key_, parcel.text, now);
        if (parcel.kind == Up::Kind::pong) core.pong_received(self->key_, parcel.text, now);
        if (parcel.kind == Up::Kind::close) core.peer_closed(self->key_, static_cast<std::uint16_t>(parcel.code), now);
    });
}

void Link::tell_server_gone() {
    if (gone_posted_ || server_over_ || !loop_) return;
    gone_posted_ = true;
    if (!open_posted_) return up_.clear();  // the request never arrives
    loop_->post([self = shared_from_this()](hub::LoopCore& core, MonoTime now) {
        if (self->server_over_) return;
        self->server_over_ = true;
        core.gone(self->key_, now);
        self->loop_->let_go(*self);
    });
}

void Link::tell_server_gone_after(Duration delay) {
    agenda_.after(delay, [self = shared_from_this()] { self->tell_server_gone(); });
}

// ---- towards the client

void Link::put_down(Down parcel) {
    parcel.ready = last_down_ = std::max(last_down_, agenda_.now() + pace_.down);
    stored_ += parcel.bytes.size();
    const MonoTime ready = parcel.ready;
    down_.push_back(std::move(parcel));
    pump_down_at(ready);
}

void Link::pump_down_at(MonoTime when) {
    when = std::max(when, agenda_.now());
    if (down_pump_at_ >= agenda_.now() && down_pump_at_ <= when) return;
    down_pump_at_ = when;
    agenda_.at(when, [self = shared_from_this()] { self->pump_down(); });
}

// How many bytes the client reads now; asks for the next pump where it reads none.
std::size_t Link::reading_budget() {
    const MonoTime now = agenda_.now();
    const MonoTime pause = std::max(still_until_, reads_nothing_until_);
    if (now < pause) {
        pump_down_at(pause);
        return 0;
    }
    if (slow_bytes_ == 0) return ~std::size_t{0};
    if (now < next_slow_read_) {
        pump_down_at(next_slow_read_);
        return 0;
    }
    next_slow_read_ = now + slow_every_;
    return slow_bytes_;
}

void Link::pump_down() {
    down_pump_at_ = MonoTime{-1};
    if (broken_ || client_over_ || down_.empty()) return;
    std::size_t budget = reading_budget();
    if (budget == 0) return;
    while (!down_.empty() && budget > 0 && down_.front().ready <= agenda_.now() && !broken_ && !client_over_)
        deliver_front(budget);
    note_room();
    if (!down_.empty() && !broken_ && !client_over_)
        pump_down_at(std::max(down_.front().ready, slow_bytes_ > 0 ? next_slow_read_ : agenda_.now()));
}

void Link::deliver_front(std::size_t& budget) {
    Down& front = down_.front();
    last_ack_ = std::max(last_ack_, front.ready);
    if (front.kind == Down::Kind::bytes) {
        const std::size_t n = std::min(budget, front.bytes.size());
        std::string piece = n == front.bytes.size() ? std::move(front.bytes) : front.bytes.substr(0, n);
        if (n == piece.size() && front.bytes.size() > n)
            front.bytes.erase(0, n);
        else
            down_.pop_front();
        budget -= n;
        stored_ -= n;
        const auto offset = read_;
        read_ += n;
        if (end_ != nullptr) end_->link_bytes(piece, offset);
        return;
    }
    Down parcel = std::move(front);
    down_.pop_front();
    if (parcel.kind == Down::Kind::opened) {
        if (end_ != nullptr) end_->link_opened();
        return;
    }
    tell_client_closed(parcel.how);
    if (parcel.kind == Down::Kind::end) tell_server_gone_after(pace_.up);
}

void Link::tell_client_closed(const LinkClosed& how) {
    if (client_over_) return;
    client_over_ = true;
    if (LinkEnd* end = std::exchange(end_, nullptr)) end->link_closed(how);
}

void Link::tell_client_closed_after(Duration delay) {
    agenda_.after(delay, [self = shared_from_this()] { self->tell_client_closed({}); });
}

// A client that closed reads no more, and what arrives is thrown away.
void Link::discard_down() {
    if (broken_) return;  // nothing arrives
    down_.clear();
    stored_ = 0;
    note_room();
}

void Link::note_room() {
    if (!awaiting_room_ || stored_ > pace_.buffer - pace_.buffer / 4) return;
    awaiting_room_ = false;
    loop_->post([self = shared_from_this()](hub::LoopCore& core, MonoTime now) {
        if (!self->server_over_) core.writable(self->key_, now);
    });
}

// ---- how the client reads

void Link::read_slowly(std::size_t bytes, Duration every) {
    slow_bytes_ = bytes;
    slow_every_ = every;
    next_slow_read_ = agenda_.now() + every;
}

void Link::read_nothing_until(MonoTime until) { reads_nothing_until_ = std::max(reads_nothing_until_, until); }

void Link::read_normally() {
    slow_bytes_ = 0;
    reads_nothing_until_ = {};
    pump_down_at(agenda_.now());
}

// ---- the network

void Link::reset(bool tell_client, bool tell_server) {
    if (broken_) return;
    broken_ = true;
    answers_reset_ = rng_.chance(30);
    up_.clear();
    if (tell_server) {
        dead_to_server_ = true;
        tell_server_gone_after(pace_.up);
    }
    if (tell_client) tell_client_closed_after(pace_.down);
}

void Link::close_politely() {
    if (broken_ || client_over_) return;
    if (websocket_ && rng_.chance(50)) return put_up({Up::Kind::close, {}, 1001, {}});
    put_down({Down::Kind::end, {}, {}, {}});
    put_up({Up::Kind::end, {}, 0, {}});
}

void Link::stand_still_until(MonoTime until) { still_until_ = std::max(still_until_, until); }

void Link::set_delay(Duration up, Duration down) {
    pace_.up = up;
    pace_.down = down;
}

void Link::server_died(bool tell_client) {
    server_over_ = true;
    if (broken_) return;
    up_.clear();
    if (!tell_client || rng_.chance(50)) {
        broken_ = true;
        if (tell_client) tell_client_closed_after(pace_.down);
        return;
    }
    // The kernel still sends what the process had written.
    put_down({Down::Kind::end, {}, {}, {}});
}

std::uint64_t Link::head_at_write(std::uint64_t offset) {
    while (heads_.size() > 1 && heads_.front().first <= offset) heads_.pop_front();
    return heads_.empty() ? 0 : heads_.front().second;
}

// ---- the server's end

void Link::admitted(const hub::Admission& admission) {
    admission_ = admission;
    loop_->note_admitted(*this);
    put_down({Down::Kind::opened, {}, {}, {}});
}

void Link::refused(const hub::Refusal& refusal) {
    server_over_ = true;
    LinkClosed how;
    if (refusal.before_upgrade)
        how.http_status = refusal.status;
    else if (websocket_)
        how.ws_code = static_cast<int>(refusal.code);
    else
        how.http_status = refusal.sse_status;
    if (refusal.retry_after_s > 0) how.retry_after = seconds(refusal.retry_after_s);
    if (how.ws_code != 0) put_down({Down::Kind::opened, {}, {}, {}});
    put_down({Down::Kind::refused, {}, how, {}});
    loop_->let_go(*this);
}

void Link::keep(const iovec* pieces, int count, std::size_t bytes) {
    for (int i = 0; keeps_bytes_ && i < count && bytes > 0; ++i) {
        const auto n = std::min(pieces[i].iov_len, bytes);
        bytes_written_.append(static_cast<const char*>(pieces[i].iov_base), n);
        bytes -= n;
    }
}

std::int64_t Link::write(const iovec* pieces, int count) {
    if (dead_to_server_) return -1;
    if (broken_ && answers_reset_) {
        dead_to_server_ = true;
        tell_server_gone_after(pace_.up);
    }
    std::size_t total = 0;
    for (int i = 0; i < count; ++i) total += pieces[i].iov_len;
    if (client_over_ && !broken_) {  // read by a client that no longer cares
        keep(pieces, count, total);
        return static_cast<std::int64_t>(total);
    }
    std::size_t take = std::min(total, pace_.buffer - std::min(pace_.buffer, stored_));
    if (take > 1 && rng_.chance(pace_.short_writes)) take = rng_.between(1, take - 1);
    fell_short_ = fell_short_ || take < total;
    if (take == 0) return 0;
    std::string bytes;
    bytes.reserve(take);
    for (int i = 0; i < count && bytes.size() < take; ++i) {
        const auto n = std::min(pieces[i].iov_len, take - bytes.size());
        bytes.append(static_cast<const char*>(pieces[i].iov_base), n);
    }
    written_ += take;
    keep(pieces, count, take);
    heads_.emplace_back(written_, loop_->committed_head());
    put_down({Down::Kind::bytes, std::move(bytes), {}, {}});
    return static_cast<std::int64_t>(take);
}

void Link::await_writable() {
    awaiting_room_ = true;
    // A write that was cut short for no reason finds room at once.
    agenda_.after(microseconds(100), [self = shared_from_this()] { self->note_room(); });
}

void Link::pause_reading(bool paused) {
    paused_ = paused;
    if (!paused) agenda_.after({}, [self = shared_from_this()] { self->pump_up(); });
}

void Link::finish() {
    finishing_ = true;
    if (client_over_ && !broken_) return tell_server_gone_after(pace_.up);
    if (!broken_) put_down({Down::Kind::end, {}, {}, {}});
    agenda_.after(seconds(2), [self = shared_from_this()] {
        if (self->gone_posted_ || self->server_over_) return;
        if (!self->broken_) self->tell_client_closed({});
        self->tell_server_gone();
    });
}

void Link::abort() {
    dead_to_server_ = true;
    if (!broken_) tell_client_closed_after(pace_.down);
    broken_ = true;
    tell_server_gone_after(microseconds(10));
}

std::optional<hub::Outlet::KernelAck> Link::kernel_ack() const {
    const MonoTime now = agenda_.now();
    MonoTime acked = last_ack_;
    bool all = true;
    for (const auto& parcel : down_) {
        if (!broken_ && parcel.ready <= now && now >= still_until_)
            acked = std::max(acked, parcel.ready);
        else
            all = false;
    }
    return KernelAck{now - acked, all};
}

}  // namespace mythos::sim
