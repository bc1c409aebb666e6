// What goes wrong, or just happens, with programs and sessions.
#include <nlohmann/json.hpp>

#include "sim/trouble.hpp"

namespace mythos::sim {

using protocol::Wire;

void Trouble::second_tab() {
    const auto client = world_.any_client();
    if (!client || world_.living_clients_of(client->setup().player) >= 3) return;
    world_.note(Fault::second_tab, *client);
    auto setup = world_.new_setup(client->setup().player);
    if (rng_.chance(50)) setup.config.session_id = client->session();
    world_.add_client(std::move(setup));
}

void Trouble::no_client_id() {
    const auto client = world_.any_client();
    if (!client || world_.plan().accounts || world_.living_clients_of(client->setup().player) >= 3) return;
    world_.note(Fault::no_client_id, *client);
    auto setup = world_.new_setup(client->setup().player);
    setup.config.client_id.clear();
    setup.config.mode = protocol::Mode::mirror;
    const bool websocket = rng_.chance(40);
    setup.config.use_wire = {websocket, !websocket};
    world_.add_client(std::move(setup))->subscribe(world_.channel_name(0), false);
}

// The page is loaded again: a new program, which has stored its cursor and its session.
void Trouble::program_restart() {
    const auto client = world_.any_client();
    if (!client || client->anonymous()) return;
    world_.note(Fault::program_restart, *client);
    auto setup = world_.new_setup(client->setup().player);
    setup.config.session_id = client->session();
    setup.bad_cursor = client->setup().bad_cursor;
    if (rng_.chance(80)) setup.config.cursor = client->client().applied();
    if (rng_.chance(50)) {
        // The client_id was stored as well.
        setup.config.client_id = client->setup().config.client_id;
        setup.config.first_command = client->next_command();
        setup.config.first_attempt = client->next_attempt();
    }
    client->stop();
    world_.agenda().after(ms(0, 100), [this, setup] {
        if (world_.rough()) world_.add_client(setup);
    });
}

// Several programs of one player connect at the same instant, before it has a session.
void Trouble::racing_connects() {
    const auto player = "q" + std::to_string(rng_.below(1'000'000));
    world_.faults().note(Fault::racing_connects, {});
    for (int i = 0; i < 2; ++i) {
        const auto client = world_.add_client(world_.new_setup(player));
        client->subscribe(world_.channel_name(0), false);
    }
}

void Trouble::session_replaced() {
    const auto client = world_.any_client();
    if (!client || !world_.server().up()) return;
    const auto player = client->setup().player;
    world_.note(Fault::session_replaced, *client);
    const bool names_it = rng_.chance(70);
    world_.server().request(
        [player](hub::LoopCore& core, MonoTime now, hub::AnswerTo answer) {
            core.post_session(player, now, std::move(answer));
        },
        [this, player, names_it](const hub::Answer* answer) {
            if (!answer || answer->status != 200 || !world_.rough()) return;
            auto setup = world_.new_setup(player);
            if (names_it) setup.config.session_id = nlohmann::json::parse(answer->body).value("session_id", "");
            const auto made = world_.add_client(std::move(setup));
            made->subscribe(world_.channel_name(static_cast<unsigned>(rng_.below(world_.plan().channels))), false);
        });
}

void Trouble::displaced() {
    const auto client = world_.any_client();
    if (!client) return;
    const auto& player = client->setup().player;
    world_.note(Fault::displaced, *client);
    for (auto n = world_.living_clients_of(player); n <= world_.plan().settings.connections_per_player / 2 && n < 5;
         ++n)
        world_.add_client(world_.new_setup(player));
}

void Trouble::foreign_cursor() {
    const auto client = world_.any_client();
    if (!client || world_.plan().accounts || world_.living_clients_of(client->setup().player) >= 3) return;
    world_.note(Fault::foreign_cursor, *client);
    auto setup = world_.new_setup(client->setup().player);
    setup.bad_cursor = true;
    setup.config.session_id = client->session();
    setup.config.cursor = rng_.chance(50) ? Cursor{"0ther", 7} : Cursor{world_.server().epoch(), 1'000'000};
    world_.add_client(std::move(setup));
}

void Trouble::kicked() {
    const auto client = world_.any_client();
    if (!client) return;
    world_.note(Fault::kicked, *client);
    // 1008 may come back, which is the harder case.
    const auto body =
        nlohmann::json{{"player", client->setup().player}, {"code", 1008}, {"reason", "simulated"}}.dump();
    world_.server().request([body](hub::LoopCore& core, MonoTime now,
                                   hub::AnswerTo answer) { core.post_disconnect(body, now, std::move(answer)); },
                            [](const hub::Answer*) {});
}

void Trouble::publish_repeated() {
    world_.note_for_all(Fault::publish_repeated);
    world_.publish(static_cast<unsigned>(rng_.between(1, 4)), true, true);
}

}  // namespace mythos::sim
