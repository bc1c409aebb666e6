#include "hub/hub_fixture.hpp"

#include <algorithm>

namespace mythos::hub::test {

HubTest::HubTest() { settings.heartbeat_jitter = 0; }
HubTest::~HubTest() { stop(); }

void HubTest::start(std::uint32_t loops) { start_on(std::make_unique<journal::MemoryJournal>("ep", retention), loops); }

void HubTest::start_on(std::unique_ptr<journal::Journal> kept, std::uint32_t loops) {
    journal_ = std::move(kept);
    node_ = std::make_unique<Node>(*journal_, clock, settings, loops);
    woken_.assign(loops, true);
    for (std::uint32_t i = 0; i < loops; ++i) {
        loops_.push_back(std::make_unique<LoopCore>(*node_, i));
        node_->set_wake(i, [this, i] { woken_[i] = true; });
    }
    node_->start();
}

void HubTest::stop() {
    peers_.clear();
    loops_.clear();
    node_.reset();
    journal_.reset();
}

Peer& HubTest::open(Wire wire, Join join) {
    peers_.push_back(std::make_unique<Peer>(wire));
    Peer& peer = *peers_.back();
    peer.room = join.room;
    peer.loop = join.loop;
    peer.player = join.player;
    ConnectRequest request;
    request.wire = wire;
    request.player_id = join.player;
    request.session_id = join.session;
    request.client_id = join.client;
    request.cursor = join.cursor;
    request.mode = join.mode;
    request.deflate = join.deflate;
    request.attempt = join.attempt;
    peer.key = core(peer).open(std::move(request), &peer, now());
    return peer;
}

Peer& HubTest::ws(Join join) {
    Peer& peer = open(Wire::websocket, std::move(join));
    turn();
    return peer;
}

Peer& HubTest::sse(Join join) {
    Peer& peer = open(Wire::sse, std::move(join));
    turn();
    return peer;
}

void HubTest::hang_up(Peer& peer) {
    core(peer).gone(peer.key, now());
    turn();
}

void HubTest::drain_socket(Peer& peer, std::optional<std::size_t> room) {
    peer.room = room;
    core(peer).writable(peer.key, now());
    turn();
}

void HubTest::turn() {
    woken_.assign(loops_.size(), true);
    for (int rounds = 0; std::find(woken_.begin(), woken_.end(), true) != woken_.end(); ++rounds) {
        ASSERT_LT(rounds, 10'000) << "the loops do not come to rest";
        for (std::size_t i = 0; i < loops_.size(); ++i) {
            if (!woken_[i]) continue;
            woken_[i] = false;
            if (loops_[i]->turn(clock)) woken_[i] = true;
        }
    }
}

void HubTest::advance(Duration d, bool silent) {
    clock.advance(d);
    if (!silent) {
        for (const auto& peer : peers_)
            if (peer->admission && !peer->finished && !peer->aborted) core(*peer).heard(peer->key, now());
    }
    turn();
}

void HubTest::text(Peer& peer, const std::string& text) { core(peer).received(peer.key, text, now()); }

json HubTest::command(Peer& peer, const std::string& id, const std::string& type, const json& data) {
    json body{{"type", type}, {"data", data}};
    if (!id.empty()) body["id"] = id;
    text(peer, body.dump());
    turn();
    return peer.reply(id);
}

Seq HubTest::subscribe(Peer& peer, const std::string& channel, bool presence) {
    json data{{"channel", channel}};
    if (presence) data["presence"] = true;
    const json reply = command(peer, "t-" + std::to_string(next_command_++), "subscribe", data);
    EXPECT_TRUE(reply.is_object() && reply["ok"] == true) << reply;
    return reply.is_object() ? seq_of(reply["data"]["id"]) : 0;
}

Seq HubTest::unsubscribe(Peer& peer, const std::string& channel) {
    const json reply = command(peer, "t-" + std::to_string(next_command_++), "unsubscribe", {{"channel", channel}});
    EXPECT_TRUE(reply.is_object() && reply["ok"] == true) << reply;
    return reply.is_object() ? seq_of(reply["data"]["id"]) : 0;
}

void HubTest::ack(Peer& peer, Seq seq) { command(peer, "", "ack", {{"cursor", id(seq)}}); }

std::vector<Seq> HubTest::publish(const json& body) {
    const Answer answer = post_publish(body.dump());
    EXPECT_EQ(answer.status, 200) << answer.body;
    const json made = json::parse(answer.body);
    std::vector<Seq> seqs;
    if (made.contains("id")) return {seq_of(made["id"])};
    for (const auto& each : made["ids"]) seqs.push_back(seq_of(each));
    return seqs;
}

Seq HubTest::say(const std::string& channel, const json& data, const std::string& key) {
    json body{{"channel", channel}, {"type", "said"}, {"data", data}};
    if (!key.empty()) body["key"] = key;
    return publish(body).front();
}

Answer HubTest::post_publish(const std::string& body, const std::string& idempotency_key) {
    return answer_of(
        [&](LoopCore& core, AnswerTo to) { core.post_publish(body, idempotency_key, now(), std::move(to)); });
}

Answer HubTest::post_commands(const std::string& session, const std::string& client, const std::string& body,
                              std::uint32_t at) {
    return answer_of(
        [&](LoopCore& core, AnswerTo to) { core.post_commands(session, client, body, now(), std::move(to)); }, at);
}

json HubTest::new_session(const std::string& player) {
    return json::parse(
        answer_of([&](LoopCore& core, AnswerTo to) { core.post_session(player, now(), std::move(to)); }).body);
}

Answer HubTest::answer_of(const std::function<void(LoopCore&, AnswerTo)>& ask, std::uint32_t at) {
    // Shared: an answer may outlive this call where the test holds a commit back.
    auto got = std::make_shared<std::vector<Answer>>();
    ask(*loops_[at], [got](Answer answer) { got->push_back(std::move(answer)); });
    turn();
    EXPECT_EQ(got->size(), 1u) << "answers to one request";
    return got->empty() ? Answer{} : got->front();
}

}  // namespace mythos::hub::test
