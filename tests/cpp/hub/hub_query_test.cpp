// What the server says of itself: connections, channels, presence, statistics.
#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

class QueryTest : public HubTest {
protected:
    json connections(const std::string& player) {
        return json::parse(
            answer_of([&](LoopCore& core, AnswerTo to) { core.get_connections(player, now(), std::move(to)); }).body);
    }
    json channels() {
        return json::parse(
            answer_of([&](LoopCore& core, AnswerTo to) { core.get_channels(now(), std::move(to)); }).body);
    }
    json presence(const std::string& channel) {
        return json::parse(
            answer_of([&](LoopCore& core, AnswerTo to) { core.get_presence(channel, now(), std::move(to)); }).body);
    }
    json statistics() {
        return json::parse(
            answer_of([&](LoopCore& core, AnswerTo to) { core.get_statistics(now(), std::move(to)); }).body);
    }
};

TEST_F(QueryTest, APlayersConnectionsWithTheirCursors) {
    start();
    Peer& w = ws({.client = "c"});
    Peer& s = sse({.client = "c"});
    subscribe(w, "room");
    s.room = 0;
    const Seq seq = say("room");
    ack(w, seq);
    const json body = connections("p1");
    EXPECT_EQ(body["player_id"], "p1");
    EXPECT_EQ(body["session_id"], session_of(w));
    ASSERT_EQ(body["connections"].size(), 2u);
    const json& first = body["connections"][0];
    EXPECT_EQ(first["connection_id"], w.admission->connection_id);
    EXPECT_EQ(first["wire"], "websocket");
    EXPECT_EQ(first["client_id"], "c");
    EXPECT_EQ(first["opened_at"], "2025-11-24T16:00:00.000000Z");
    EXPECT_EQ(first["cursor"], id(seq));
    EXPECT_LT(seq_of(body["connections"][1]["cursor"]), seq);
    hang_up(w);
    EXPECT_EQ(connections("p1")["connections"].size(), 1u);
    EXPECT_EQ(connections("nobody"),
              (json{{"player_id", "nobody"}, {"session_id", nullptr}, {"connections", json::array()}}));
}

TEST_F(QueryTest, ChannelsCountSessionsNotConnections) {
    start();
    Peer& a = ws({.client = "c"});
    sse({.client = "c"});
    Peer& b = ws({.player = "p2"});
    subscribe(a, "room");
    subscribe(b, "room", true);
    const json expected = {{"channels", {{{"channel", "room"}, {"subscribers", 2}}}}};
    EXPECT_EQ(channels(), expected);
    unsubscribe(a, "room");
    unsubscribe(b, "room");
    EXPECT_EQ(channels()["channels"], json::array());
}

TEST_F(QueryTest, PresenceNamesMembersSinceTheyJoined) {
    start();
    Peer& a = ws();
    clock.advance(seconds(5));
    subscribe(a, "room");
    const json body = presence("room");
    EXPECT_EQ(body["channel"], "room");
    ASSERT_EQ(body["members"].size(), 1u);
    EXPECT_EQ(body["members"][0],
              (json{{"player_id", "p1"}, {"session_id", session_of(a)}, {"since", "2025-11-24T16:00:05.000000Z"}}));
    new_session("p1");
    EXPECT_EQ(presence("room")["members"], json::array());
    EXPECT_EQ(presence("never")["members"], json::array());
}

TEST_F(QueryTest, StatisticsCountPlayersByTheirWires) {
    start(2);
    ws({.player = "w", .client = "c"});
    sse({.player = "s", .client = "c", .loop = 1});
    ws({.player = "d", .client = "c"});
    sse({.player = "d", .client = "c", .loop = 1});
    publish({{"everyone", true}, {"type", "t"}});
    const json body = statistics();
    EXPECT_EQ(body["connections"], (json{{"total", 4}, {"websocket", 2}, {"sse", 2}}));
    EXPECT_EQ(body["connection_distribution"]["total_players"], 3);
    EXPECT_EQ(body["connection_distribution"]["websocket_only_players"], 1);
    EXPECT_EQ(body["connection_distribution"]["sse_only_players"], 1);
    EXPECT_EQ(body["connection_distribution"]["dual_connection_players"], 1);
    EXPECT_EQ(body["sessions"], 3);
    EXPECT_EQ(body["journal"]["epoch"], "ep");
    EXPECT_EQ(body["journal"]["head"], id(4));
    EXPECT_EQ(body["journal"]["retained_entries"], 4);
    const json& counters = body["counters"];
    EXPECT_EQ(counters[std::string(stats::name_of(Counter::deliveries_written))], 3);
    EXPECT_EQ(counters[std::string(stats::name_of(Counter::writes_sse))], 2);
    EXPECT_EQ(counters[std::string(stats::name_of(Counter::opened_websocket))], 2);
}

}  // namespace
}  // namespace mythos::hub::test
