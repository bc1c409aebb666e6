#include "transport/stream_connection.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "stats/faults.hpp"
#include "transport/http_policy.hpp"
#include "transport/lingering_socket.hpp"

namespace mythos::transport {
namespace {

constexpr int kReadsARound = 4;  // of the loop's buffer; then others have their turn

struct Events {
    std::string_view attempt;
    std::string_view connected;
    std::string_view disconnected;
};

Events events_of(protocol::Wire wire) {
    if (wire == protocol::Wire::websocket)
        return {"WebSocket connection attempt", "WebSocket connected", "WebSocket disconnected"};
    return {"SSE connection attempt", "SSE connected", "SSE disconnected"};
}

std::unique_ptr<char[]> pack(std::initializer_list<std::string_view> names) {
    std::size_t size = 0;
    for (const std::string_view name : names) size += name.size() + 1;
    auto packed = std::make_unique<char[]>(size);
    char* at = packed.get();
    for (const std::string_view name : names) at = std::copy(name.begin(), name.end(), at) + 1;
    return packed;
}

}  // namespace

void write_attempt(observe::Log& log, const Attempt& attempt) {
    std::vector<observe::Field> fields;
    const auto add_text = [&fields](std::string_view key, std::string_view text) {
        if (!text.empty()) fields.emplace_back(key, text);
    };
    add_text("player_id", attempt.player_id);
    add_text("session_id", attempt.session_id);
    add_text("connection_id", attempt.connection_id);
    add_text("client_id", attempt.client_id);
    fields.emplace_back("connection_type", protocol::to_string(attempt.wire));
    if (attempt.existing) fields.emplace_back("existing_connections", *attempt.existing);
    if (attempt.number != 0) fields.emplace_back("attempt", attempt.number);
    add_text("remote", attempt.remote);
    add_text("trace_id", attempt.trace_id);
    log.write(observe::Level::info, events_of(attempt.wire).attempt, fields);
}

HttpResponse refusal_response(const hub::Refusal& refusal, int status, HttpHeaders cors, WallTime now) {
    HttpResponse response;
    if (status == 204) {
        response.status = status;
    } else {
        hub::Answer answer = hub::error_answer(status, error_type(stats::rejected(refusal.why)), refusal.error_code,
                                               refusal.message, now);
        response.status = answer.status;
        response.body = std::move(answer.body);
        response.headers = std::move(answer.headers);
    }
    add_cors(response, std::move(cors));
    if (refusal.retry_after_s > 0) response.headers.emplace_back("Retry-After", std::to_string(refusal.retry_after_s));
    response.close = true;
    return response;
}

StreamConnection::StreamConnection(StreamContext& context, HttpConnection::Taken taken, Opening opening)
    : Watcher(context.loop, std::move(taken.socket)),
      context_(context),
      opening_(std::make_unique<Opening>(std::move(opening))) {
    hold(taken.unread);
}

void StreamConnection::enter(std::unique_ptr<StreamConnection> connection, hub::ConnectRequest request) {
    StreamConnection& entering = *connection;
    EventLoop& loop = entering.loop_;
    if (!loop.adopt_inherited(std::move(connection))) return;
    request.remote = remote_address(entering.socket_);
    if (entering.context_.log.enabled(observe::Level::info))
        entering.opening_->asked = std::make_unique<hub::ConnectRequest>(request);
    entering.key_ = entering.context_.core.open(std::move(request), &entering, loop.now());
}

void StreamConnection::attempted(std::size_t existing, std::string_view connection_id) {
    if (opening_ == nullptr || opening_->asked == nullptr) return;
    const auto asked = std::move(opening_->asked);
    write_attempt(context_.log, {.wire = wire(),
                                 .player_id = asked->player_id,
                                 .session_id = asked->session_id,
                                 .connection_id = connection_id,
                                 .client_id = asked->client_id,
                                 .existing = existing,
                                 .number = asked->attempt,
                                 .remote = asked->remote,
                                 .trace_id = opening_->trace_id});
}

void StreamConnection::admitted(const hub::Admission& admission) {
    if (state_ != State::opening) return;
    state_ = State::open;
    opening_->admitted = true;
    admitted_at_ = loop_.clock().mono();
    names_ = pack({opening_->player_id, admission.session_id, admission.connection_id, opening_->trace_id});
    const Duration took = admitted_at_ - opening_->began;
    context_.core
        .latencies()[wire() == protocol::Wire::websocket ? stats::Latency::established_websocket
                                                         : stats::Latency::established_sse]
        .record(took);
    log_connected(admission, took);
    // What came behind the request, and a hang-up that was not looked at, are seen to after the turn.
    loop_.defer(*this);
}

std::vector<observe::Field> StreamConnection::name_fields() const {
    const auto [player, session, connection, trace] = names();
    std::vector<observe::Field> fields{{"player_id", player},
                                       {"session_id", session},
                                       {"connection_id", connection},
                                       {"connection_type", protocol::to_string(wire())}};
    if (!trace.empty()) fields.emplace_back("trace_id", trace);
    return fields;
}

void StreamConnection::log_connected(const hub::Admission& admission, Duration took) const {
    if (!context_.log.enabled(observe::Level::info)) return;
    const std::size_t websockets = admission.existing[index_of(protocol::Wire::websocket)];
    const std::size_t streams = admission.existing[index_of(protocol::Wire::sse)];
    const bool is_dual = (wire() == protocol::Wire::websocket ? streams : websockets) > 0;
    std::vector<observe::Field> fields = name_fields();
    fields.insert(fields.end(), {{"client_id", admission.client_id},
                                 {"establishment_time_ms", took.seconds() * 1e3},
                                 {"existing_websocket_connections", websockets},
                                 {"existing_sse_connections", streams},
                                 {"is_dual_connection", is_dual},
                                 {"total_connections", admission.connections}});
    context_.log.write(observe::Level::info, events_of(wire()).connected, fields);
}

void StreamConnection::delivered(const hub::DeliveryReport& report) {
    if (names_ == nullptr || !context_.log.enabled(observe::Level::info)) return;
    std::vector<observe::Field> fields = name_fields();
    fields.insert(fields.end(), {{"message_id", report.message_id},
                                 {"message_type", report.message_type},
                                 {"message_size", report.message_bytes},
                                 {"delivery_time_ms", report.took.seconds() * 1e3},
                                 {"websocket_delivered", report.wires[index_of(protocol::Wire::websocket)]},
                                 {"sse_delivered", report.wires[index_of(protocol::Wire::sse)]},
                                 {"total_connections", report.connections},
                                 {"active_connections", report.active_connections},
                                 {"sample_rate", report.sample_rate}});
    context_.log.write(observe::Level::info, "Message delivered", fields);
}

void StreamConnection::refused(const hub::Refusal& refusal) {
    if (state_ != State::opening) return loop_.retire(*this);
    std::string answer = refusal_answer(refusal, *opening_);
    state_ = State::leaving;
    Socket socket = std::move(socket_);
    loop_.retire(*this);
    LingeringSocket::begin(loop_, std::move(socket), std::move(answer));
}

void StreamConnection::closing(protocol::CloseCode code, std::string_view reason) {
    if (ending_ == nullptr) ending_ = std::make_unique<Ending>(code, std::string(reason));
}

hub::Outlet::Names StreamConnection::names() const {
    if (names_ == nullptr) return {};
    const std::string_view player = names_.get();
    const std::string_view session = player.data() + player.size() + 1;
    const std::string_view connection = session.data() + session.size() + 1;
    const std::string_view trace = connection.data() + connection.size() + 1;
    return {player, session, connection, trace};
}

void StreamConnection::leave() {
    const auto last_events = context_.core.events_of_abnormal_end(key_);
    const auto why = context_.core.gone(key_, loop_.now());
    if (names_ == nullptr || !why) return;
    const Duration lasted = loop_.clock().mono() - admitted_at_;
    std::vector<observe::Field> fields = name_fields();
    fields.insert(
        fields.end(),
        {{"reason", stats::name_of(why->reason)}, {"close_code", why->code}, {"duration_ms", lasted.seconds() * 1e3}});
    if (ending_ != nullptr) fields.emplace_back("close_message", ending_->reason);
    context_.log.write(observe::Level::info, events_of(wire()).disconnected, fields);
    if (!last_events) return;
    fields = name_fields();
    fields.emplace_back("last_events", observe::Json{*last_events});
    context_.log.write(observe::Level::warning, "Connection ended abnormally", fields);
}

std::int64_t StreamConnection::write(const iovec* pieces, int count) {
    if (state_ != State::open) return -1;
    if (opening_ != nullptr) return write_with_head(pieces, count);
    return write_some(socket_, pieces, count);
}

std::int64_t StreamConnection::write_with_head(const iovec* pieces, int count) {
    std::string& head = opening_->head;
    std::vector<iovec> all{{head.data(), head.size()}};
    all.insert(all.end(), pieces, pieces + count);
    const std::int64_t taken = write_some(socket_, all.data(), count + 1);
    if (taken < 0) return taken;
    const auto head_size = static_cast<std::int64_t>(head.size());
    if (taken < head_size) {
        head.erase(0, static_cast<std::size_t>(taken));
        return 0;
    }
    opening_.reset();
    return taken - head_size;
}

void StreamConnection::pause_reading(bool paused) {
    if (paused_ && !paused) loop_.defer(*this);  // edge-triggered: what came meanwhile is not told again
    paused_ = paused;
}

void StreamConnection::finish() {
    if (state_ == State::leaving) return;
    closing(protocol::CloseCode::normal, "closed by the server");
    state_ = State::leaving;
    LingeringSocket::begin(loop_, std::move(socket_), opening_ != nullptr ? std::move(opening_->head) : std::string{});
    loop_.defer(*this);
}

void StreamConnection::abort() {
    closing(protocol::CloseCode::server_fault, "dropped by the server");
    state_ = State::leaving;
    socket_.close();
    loop_.defer(*this);
}

void StreamConnection::lose() {
    if (state_ == State::leaving) return;
    state_ = State::leaving;
    socket_.close();
    loop_.defer(*this);
}

void StreamConnection::failed() {
    if (state_ == State::leaving) return loop_.retire(*this);
    lose();
}

void StreamConnection::last_word() {
    if (state_ == State::leaving) return;
    constexpr std::string_view kReason = "the server is shutting down";
    closing(protocol::CloseCode::going_away, kReason);
    context_.core.close(key_, protocol::CloseCode::going_away, kReason, loop_.now());
}

std::optional<hub::Outlet::KernelAck> StreamConnection::kernel_ack() const {
    if (!socket_.is_open()) return std::nullopt;
    return transport::kernel_ack(socket_);
}

void StreamConnection::ready(std::uint32_t events) {
    if (state_ == State::leaving) return;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return lose();
    if ((events & EPOLLOUT) != 0 && awaits_room_) {
        awaits_room_ = false;
        context_.core.writable(key_, loop_.now());
    }
    if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) read();
}

void StreamConnection::resume() {
    if (state_ == State::leaving) {
        leave();
        return loop_.retire(*this);
    }
    take_held();
    read();
}

void StreamConnection::hold(std::span<const char> bytes) {
    if (bytes.empty()) return;
    held_ = std::make_unique<std::string>(bytes.begin(), bytes.end());
}

void StreamConnection::take_held() {
    if (held_ == nullptr || !may_take()) return;
    const std::unique_ptr<std::string> bytes = std::move(held_);
    take(*bytes);
}

void StreamConnection::read() {
    for (int reads = 0; reads < kReadsARound; ++reads) {
        if (!may_take() || held_ != nullptr || input_ended_) return;
        const std::span<char> buffer = loop_.read_buffer();
        const std::int64_t count = read_some(socket_, buffer);
        if (count == 0) return;
        if (count < 0) {
            input_ended_ = true;
            if (!awaits_farewell()) lose();
            return;
        }
        context_.counters.add(stats::Counter::received_bytes, static_cast<std::uint64_t>(count));
        context_.core.heard(key_, loop_.now());
        take(buffer.first(static_cast<std::size_t>(count)));
        // A short read has emptied the socket; what comes now is told by a new edge.
        if (static_cast<std::size_t>(count) < buffer.size()) return;
    }
    loop_.defer(*this);
}

}  // namespace mythos::transport
