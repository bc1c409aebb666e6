#include "sim/traffic.hpp"

namespace mythos::sim {

void Traffic::begin() {
    for (unsigned i = 0; i < world_.plan().players; ++i) {
        const auto player = world_.player_name(i);
        world_.agenda().after(rng_.between({}, milliseconds(300)), [this, player] {
            auto client = world_.add_client(world_.new_setup(player));
            for (unsigned c = 0; c < world_.plan().channels; ++c)
                if (rng_.chance(60)) client->subscribe(world_.channel_name(c), rng_.chance(15));
        });
    }
    publish_soon();
    act_soon();
}

void Traffic::publish_soon() {
    world_.agenda().after(rng_.between({}, world_.plan().publish_every * 2), [this] {
        if (!world_.rough()) return;
        publish();
        publish_soon();
    });
}

void Traffic::act_soon() {
    world_.agenda().after(rng_.between({}, world_.plan().act_every * 2), [this] {
        if (!world_.rough()) return;
        act();
        act_soon();
    });
}

void Traffic::publish() {
    const auto messages = rng_.chance(20) ? static_cast<unsigned>(rng_.between(2, 12)) : 1;
    world_.publish(messages, rng_.chance(30), false);
}

void Traffic::act() {
    const auto client = world_.any_client();
    if (!client) return;
    const auto channel = world_.channel_name(static_cast<unsigned>(rng_.below(world_.plan().channels)));
    const auto what = rng_.below(100);
    if (what < 25) return client->subscribe(channel, rng_.chance(15));
    if (what < 45) return client->unsubscribe(channel);
    if (client->anonymous()) return;  // its commands have no memory to be repeated from
    if (what < 85) {
        const auto marker = world_.new_marker();
        return client->publish(world_.message_json(marker), marker);
    }
    if (what < 90) return client->ask("ping", {});
    if (what < 95) return client->ask("history", R"({"channel":")" + channel + R"(","limit":5})");
    client->ask("presence", R"({"channel":")" + channel + R"("})");
}

}  // namespace mythos::sim
