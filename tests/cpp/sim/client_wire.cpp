// The client's shell on the side of its wires: bytes to messages, messages to the
// transcript and to the DualClient.
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/client.hpp"
#include "sim/trace.hpp"

namespace mythos::sim {
namespace {

using nlohmann::json;
using protocol::Wire;

std::optional<Position> position_in(const json& object, const char* member) {
    const auto it = object.find(member);
    return it != object.end() && it->is_string() ? read_position(it->get_ref<const std::string&>()) : std::nullopt;
}

std::optional<std::uint64_t> number_in(const json& object, const char* member) {
    const auto it = object.find(member);
    return it != object.end() && it->is_number_unsigned() ? std::optional(it->get<std::uint64_t>()) : std::nullopt;
}

GapSeen read_gap(const json& data) {
    GapSeen gap;
    gap.after = position_in(data, "after");
    gap.before = position_in(data, "before").value_or(Position{});
    gap.lost = number_in(data, "lost");
    gap.at_most = number_in(data, "at_most");
    gap.reason = data.value("reason", "");
    return gap;
}

WireEvent::Kind kind_of(std::string_view type) {
    using Kind = WireEvent::Kind;
    if (type == "mythos.welcome") return Kind::welcome;
    if (type == "mythos.gap") return Kind::gap;
    if (type == "mythos.promoted") return Kind::promoted;
    if (type == "mythos.heartbeat") return Kind::heartbeat;
    if (type == "mythos.reply") return Kind::reply;
    if (type == "mythos.draining") return Kind::draining;
    if (type == "mythos.closed") return Kind::closed;
    return Kind::unknown;
}

constexpr std::string_view kEntryBegins = R"({"id":")";

}  // namespace

void Client::End::link_opened() {
    owner->position_ = owner->applied();
    owner->client_.wire_opened(owner->agenda_.now(), wire, attempt);
    owner->after_input();
}

void Client::End::link_bytes(std::string& bytes, std::uint64_t offset) {
    // The link, and with it the reader, may be replaced while its messages are handled.
    const auto self = owner->shared_from_this();
    const auto own = link;
    const std::shared_ptr<WireReader> current = reader;
    current->feed(bytes, offset, [&](const Received& received) {
        const bool go_on = self->take(*this, received);
        return go_on && link == own;
    });
}

void Client::End::link_closed(const LinkClosed& how) {
    const auto self = owner->shared_from_this();
    trace(self->agenda_.now(), [&] {
        return self->setup_.name + " loses " + std::string(to_string(wire)) + " #" + std::to_string(attempt) +
               " status " + std::to_string(how.http_status) + " code " + std::to_string(how.ws_code);
    });
    self->dropped(*this);
    protocol::CloseInfo info;
    info.code = how.ws_code;
    info.http_status = how.http_status;
    info.retry_after = how.retry_after;
    self->position_ = self->applied();
    self->client_.wire_closed(self->agenda_.now(), wire, attempt, info);
    self->after_input();
}

// False: this connection is over for the client.
bool Client::take(End& e, const Received& received) {
    switch (received.kind) {
        case Received::Kind::message:
            take_message(e, received);
            return true;
        case Received::Kind::ping:
            e.link->send_pong(std::string(received.text));
            return true;
        case Received::Kind::failed:
            contents_.fault(setup_.name + ": bytes that the codec refuses: " + std::string(received.text));
            [[fallthrough]];
        case Received::Kind::close:
            break;
    }
    e.link->close_from_client(received.code);
    LinkClosed how;
    how.ws_code = received.code;
    e.link_closed(how);
    return false;
}

void Client::take_message(End& e, const Received& received) {
    WireEvent event;
    event.head_at_write = e.link->head_at_write(received.offset);
    event.held_up = e.link->fell_short();
    event.first_retained = e.link->loop()->first_retained();
    event.applied = applied();
    if (e.wire == Wire::sse) event.sse_id = read_position(received.sse_id);
    trace(agenda_.now(), [&] {
        return setup_.name + " on " + std::string(to_string(e.wire)) + " #" + std::to_string(e.attempt) + " reads " +
               std::string(received.text);
    });
    if (received.text.starts_with(kEntryBegins))
        read_entry(received, event);
    else
        read_control(e, received, event);
    began(event);
    transcript_.wires[e.transcript].events.push_back(std::move(event));
    position_ = applied();
    client_.message(agenda_.now(), e.wire, e.attempt, received.text);
    after_input();
}

void Client::read_entry(const Received& received, WireEvent& event) {
    const auto rest = received.text.substr(kEntryBegins.size());
    const auto id = read_position(rest.substr(0, rest.find('"')));
    if (!id) return contents_.fault("an entry without a readable id: " + std::string(received.text));
    event.kind = WireEvent::Kind::entry;
    event.at = *id;
    contents_.saw(id->epoch, id->seq, received.text);
}

void Client::read_control(End& e, const Received& received, WireEvent& event) {
    const json message = json::parse(received.text, nullptr, false);
    if (!message.is_object()) return contents_.fault("not an object: " + std::string(received.text));
    event.kind = kind_of(message.value("type", ""));
    const json data = message.value("data", json::object());
    event.at = position_in(data, "cursor").value_or(Position{});
    switch (event.kind) {
        case WireEvent::Kind::welcome:
            event.session = data.value("session_id", "");
            event.epoch = data.value("epoch", "");
            event.standby = data.value("mode", "") == "standby";
            if (const auto it = data.find("recovered"); it != data.end() && it->is_boolean())
                event.recovered = it->get<bool>();
            if (!event.standby && event.at.epoch == event.epoch) e.base = event.at;
            break;
        case WireEvent::Kind::gap:
            event.gap = read_gap(data);
            event.at = event.gap->before;
            e.base = Position{event.at.epoch, event.at.seq - 1};
            break;
        case WireEvent::Kind::promoted:
            e.base = event.at;
            break;
        case WireEvent::Kind::reply:
            if (const auto it = data.find("data"); it != data.end() && it->is_object())
                event.at = position_in(*it, "id").value_or(Position{});
            break;
        default:
            break;
    }
}

// Where the application's stream begins: what the first welcome says, or the promotion of
// a standby that was welcomed alone.
void Client::began(const WireEvent& event) {
    const bool welcome = event.kind == WireEvent::Kind::welcome && !event.standby;
    if (began_ || (!welcome && event.kind != WireEvent::Kind::promoted)) return;
    began_ = true;
    transcript_.events.push_back(Began{event.at});
}

}  // namespace mythos::sim
