// What goes wrong with connections.
#include "sim/trouble.hpp"

namespace mythos::sim {

using protocol::Wire;

// A living client with a connection, preferably; `wire` is which.
std::shared_ptr<Client> Trouble::client_with_link(Wire& wire) {
    const auto client = world_.any_client();
    if (!client) return nullptr;
    wire = rng_.chance(50) ? Wire::websocket : Wire::sse;
    if (!client->link(wire)) wire = protocol::other_wire(wire);
    return client->link(wire) ? client : nullptr;
}

void Trouble::cut_link(Client& client, Wire wire) {
    const auto link = client.link(wire);
    if (!link) return;
    switch (rng_.below(6)) {
        case 0:
        case 1:
            world_.note(Fault::reset, client);
            return link->reset(true, true);
        case 2:
            world_.note(Fault::cut_server_blind, client);
            return link->reset(true, false);
        case 3:
            world_.note(Fault::cut_client_blind, client);
            return link->reset(false, true);
        case 4:
            world_.note(Fault::black_hole, client);
            return link->reset(false, false);
        default:
            world_.note(Fault::polite_close, client);
            return link->close_politely();
    }
}

void Trouble::cut() {
    Wire wire{};
    if (const auto client = client_with_link(wire)) cut_link(*client, wire);
}

void Trouble::delay() {
    Wire wire{};
    const auto client = client_with_link(wire);
    if (!client) return;
    world_.note(Fault::delay, *client);
    client->link(wire)->stand_still_until(world_.agenda().now() + ms(20, 900));
}

void Trouble::wire_behind() {
    const auto client = world_.any_client();
    if (!client) return;
    const Wire wire = rng_.chance(50) ? Wire::websocket : Wire::sse;
    world_.note(Fault::wire_behind, *client);
    const auto up = ms(1, 100);
    const auto down = ms(100, 700);
    client->conditions(wire).pace.up = up;
    client->conditions(wire).pace.down = down;
    if (const auto link = client->link(wire)) link->set_delay(up, down);
}

void Trouble::late_connect() {
    const auto client = world_.any_client();
    if (!client) return;
    const Wire wire = rng_.chance(50) ? Wire::websocket : Wire::sse;
    world_.note(Fault::late_connect, *client);
    client->conditions(wire).extra_dial_delay = ms(100, 1'500);
    if (const auto link = client->link(wire)) link->reset(true, true);
}

void Trouble::wire_blocked() {
    const auto client = world_.any_client();
    if (!client) return;
    const Wire wire = rng_.chance(50) ? Wire::websocket : Wire::sse;
    world_.note(Fault::wire_blocked, *client);
    client->conditions(wire).blocked_until = world_.agenda().now() + ms(100, 3'000);
    client->conditions(wire).blocked_silently = rng_.chance(30);
    cut_link(*client, wire);
}

void Trouble::all_cut() {
    const auto client = world_.any_client();
    if (!client) return;
    world_.note(Fault::all_cut, *client);
    for (Wire wire : protocol::kClientWires) cut_link(*client, wire);
}

void Trouble::away_past_grace() {
    const auto client = world_.any_client();
    if (!client) return;
    const auto& grace = world_.plan().settings.grace;
    // Sometimes just about as long as the grace, which is where it is decided.
    const Duration away = rng_.chance(50) ? grace + ms(100, 1'500) : grace - milliseconds(100) + ms(0, 400);
    for (const auto& other : world_.clients()) {
        if (other->ended() || other->setup().player != client->setup().player) continue;
        world_.note(Fault::away_past_grace, *other);
        for (Wire wire : protocol::kClientWires) {
            other->conditions(wire).blocked_until = world_.agenda().now() + away;
            if (const auto link = other->link(wire)) link->reset(true, true);
        }
    }
}

void Trouble::reader() {
    Wire wire{};
    const auto client = client_with_link(wire);
    if (!client) return;
    const auto link = client->link(wire);
    if (rng_.chance(50)) {
        world_.note(Fault::slow_reader, *client);
        link->read_slowly(rng_.between(20, 400), ms(5, 60));
        world_.agenda().after(ms(200, 2'000), [link] { link->read_normally(); });
    } else {
        world_.note(Fault::reader_stops, *client);
        link->read_nothing_until(world_.agenda().now() + ms(100, 2'000));
    }
}

// One wire stops, the rest of the world goes on faster than the retention lasts.
void Trouble::overrun() {
    Wire wire{};
    const auto client = client_with_link(wire);
    if (!client || world_.plan().retention.entries > 200) return;
    world_.note(Fault::retention_overrun, *client);
    const auto pause = ms(100, 900);
    if (rng_.chance(50))
        client->link(wire)->read_nothing_until(world_.agenda().now() + pause);
    else
        client->link(wire)->stand_still_until(world_.agenda().now() + pause);
    auto left = world_.plan().retention.entries + rng_.between(1, 40);
    while (left > 0) {
        const auto now = std::min<std::size_t>(left, rng_.between(1, 30));
        left -= now;
        world_.agenda().after(rng_.between({}, pause),
                              [this, now] { world_.publish(static_cast<unsigned>(now), false, false); });
    }
}

void Trouble::subscribe_cut() {
    Wire wire{};
    const auto client = client_with_link(wire);
    if (!client) return;
    world_.note(Fault::subscribe_cut, *client);
    for (auto n = rng_.between(1, 3); n > 0; --n) {
        const auto channel = world_.channel_name(static_cast<unsigned>(rng_.below(world_.plan().channels)));
        if (rng_.chance(50))
            client->subscribe(channel, rng_.chance(10));
        else
            client->unsubscribe(channel);
    }
    world_.agenda().after(microseconds(static_cast<std::int64_t>(rng_.between(0, 12'000))),
                          [this, client, wire] { cut_link(*client, wire); });
}

void Trouble::command_cut() {
    const auto client = world_.any_client();
    if (!client || client->anonymous()) return;
    world_.note(Fault::command_cut, *client);
    for (auto n = rng_.between(1, 6); n > 0; --n) {
        const auto marker = world_.new_marker();
        client->publish(world_.message_json(marker), marker);
    }
    world_.agenda().after(microseconds(static_cast<std::int64_t>(rng_.between(0, 12'000))),
                          [this, client] { cut_link(*client, Wire::websocket); });
}

// Commands go by POST while the WebSocket is away, and the answers get lost.
void Trouble::post_lost() {
    const auto client = world_.any_client();
    if (!client || client->anonymous()) return;
    world_.note(Fault::post_lost, *client);
    client->conditions(Wire::websocket).blocked_until = world_.agenda().now() + ms(300, 1'500);
    if (const auto link = client->link(Wire::websocket)) link->reset(true, true);
    client->lose_answers_until(world_.agenda().now() + ms(50, 800));
    for (auto n = rng_.between(1, 4); n > 0; --n) {
        const auto marker = world_.new_marker();
        client->publish(world_.message_json(marker), marker);
    }
}

}  // namespace mythos::sim
