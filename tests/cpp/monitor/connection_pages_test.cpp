#include "monitor/connection_pages.hpp"

#include <deque>
#include <nlohmann/json.hpp>

#include "hub/hub_fixture.hpp"

namespace mythos::monitor {
namespace {

using hub::test::Peer;
using nlohmann::json;
using transport::Route;

class ConnectionPagesTest : public hub::test::HubTest {
protected:
    void begin(std::uint32_t loops = 1) {
        start(loops);
        pages_ = std::make_unique<ConnectionPages>(
            *node_, clock, [this](std::function<void()> task) { tasks_.push_back(std::move(task)); });
        answers_.emplace(node_->errors());
        pages_->register_at(*answers_);
    }

    void put(MonitorRequest request) {
        answers_->answer(request, [this](MonitorAnswer answer) { told_.push_back(std::move(answer)); });
    }
    MonitorAnswer ask(MonitorRequest request) {
        put(std::move(request));
        turn();
        for (; !tasks_.empty(); tasks_.pop_front()) tasks_.front()();
        EXPECT_EQ(told_.size(), 1u);
        return std::exchange(told_, {}).front();
    }
    json page(const std::string& query) {
        const auto answer = ask({Route::monitored_connections, {}, query});
        return answer ? json::parse(answer->body) : json(answer.error().code);
    }
    json one(const std::string& id) {
        const auto answer = ask({Route::monitored_connection, id});
        return answer ? json::parse(answer->body) : json(answer.error().code);
    }
    static std::vector<std::string> players(const json& page) {
        std::vector<std::string> all;
        for (const auto& row : page["connections"]) all.push_back(row["player_id"]);
        return all;
    }

    std::unique_ptr<ConnectionPages> pages_;
    std::optional<Answers> answers_;
    std::vector<MonitorAnswer> told_;
    std::deque<std::function<void()>> tasks_;
};

TEST_F(ConnectionPagesTest, APageIsSortedAndCutAndFiltered) {
    begin(2);
    for (int i = 0; i < 10; ++i) {
        const hub::test::Join join{.player = "p" + std::to_string(i), .loop = static_cast<std::uint32_t>(i % 2)};
        i % 3 == 0 ? sse(join) : ws(join);
        clock.advance(seconds(1));
    }
    json told = page("");
    EXPECT_EQ(told["total"], 10);
    EXPECT_EQ(players(told).front(), "p0");
    EXPECT_EQ(told["connections"][0]["age_seconds"], 10);
    EXPECT_EQ(told["connections"][0]["wire"], "sse");
    EXPECT_EQ(told["connections"][0]["healthy"], true);
    EXPECT_EQ(players(page("sort=age&order=asc&limit=3&offset=2")), (std::vector<std::string>{"p7", "p6", "p5"}));
    EXPECT_EQ(page("wire=sse")["total"], 4);
    told = page("player=p4&wire=websocket");
    EXPECT_EQ(told["total"], 1);
    EXPECT_EQ(players(told), std::vector<std::string>{"p4"});
    EXPECT_EQ(page("player=nobody")["total"], 0);
    EXPECT_EQ(players(page("offset=20")).size(), 0u);
}

TEST_F(ConnectionPagesTest, IsSortedByEachOfWhatItTells) {
    begin();
    Peer& rtt = ws({.player = "rtt"});
    Peer& bytes = ws({.player = "bytes"});
    Peer& lag = ws({.player = "lag"});
    Peer& ack = ws({.player = "ack", .client = "c"});
    this->ack(ack, 1);
    clock.advance(seconds(1));
    core(rtt).pong_received(rtt.key, std::to_string(now().ns - 5'000'000), now());
    publish({{"player", "bytes"}, {"type", "t"}, {"data", std::string(9'000, 'x')}});
    lag.room = 0;
    publish({{"player", "lag"}, {"type", "t"}, {"data", 1}});
    publish({{"player", "ack"}, {"type", "t"}, {"data", 1}});
    clock.advance(seconds(2));
    const auto first = [&](const char* query) { return page(query)["connections"][0]; };
    EXPECT_EQ(first("sort=rtt")["player_id"], "rtt");
    EXPECT_EQ(first("sort=rtt")["rtt_ms"], 5);
    EXPECT_EQ(first("sort=bytes")["player_id"], "bytes");
    EXPECT_EQ(first("sort=bytes")["sent_bytes"], bytes.bytes.size());
    EXPECT_EQ(first("sort=lag")["player_id"], "lag");
    EXPECT_EQ(first("sort=lag")["lag_entries"], 1);
    EXPECT_EQ(first("sort=unacknowledged")["player_id"], "ack");
    EXPECT_EQ(first("sort=unacknowledged")["unacknowledged_ms"], 2'000);
    // By the names of the fields too.
    EXPECT_EQ(first("sort=rtt_ms")["player_id"], "rtt");
    EXPECT_EQ(first("sort=rtt&order=asc")["player_id"], "rtt") << "those whose time is not known stand last";
    EXPECT_EQ(first("sort=sent_bytes")["player_id"], "bytes");
    EXPECT_EQ(first("sort=lag_entries")["player_id"], "lag");
    EXPECT_EQ(first("sort=unacknowledged_ms")["player_id"], "ack");
    EXPECT_EQ(page("sort=age_seconds")["sort"], "age");
    EXPECT_EQ(page("player=lag")["connections"][0]["rtt_ms"], nullptr);
}

TEST_F(ConnectionPagesTest, WhatCannotBeAPageIsRefused) {
    begin();
    for (const char* query :
         {"sort=name", "order=up", "limit=0", "limit=1001", "limit=x", "offset=-1", "wire=both", "%"})
        EXPECT_EQ(page(query), "bad_request") << query;
    EXPECT_EQ(page("player=a%2Fb"), "bad_name");
}

TEST_F(ConnectionPagesTest, OneIsToldWithItsEventsAlsoWhenItHasEnded) {
    begin();
    Peer& peer = ws({.player = "p1", .client = "c"});
    subscribe(peer, "room");
    const std::string id = peer.admission->connection_id;
    json told = one(id);
    EXPECT_EQ(told["open"], true);
    EXPECT_EQ(told["player_id"], "p1");
    EXPECT_EQ(told["session_id"], session_of(peer));
    EXPECT_EQ(told["events"][1]["event"], "subscribed");
    EXPECT_EQ(told["events"][1]["channel"], "room");
    clock.advance(seconds(3));
    hang_up(peer);
    told = one(id);
    EXPECT_EQ(told["open"], false);
    EXPECT_EQ(told["close_code"], 1006);
    EXPECT_EQ(told["reason"], "peer_gone");
    EXPECT_EQ(told["abnormal"], true);
    EXPECT_EQ(told["age_seconds"], 3);
    EXPECT_EQ(told["events"][0]["event"], "opened");
    EXPECT_EQ(one("k_unknown"), "not_found");
}

TEST_F(ConnectionPagesTest, TheOpeningIsOneMomentWhateverTheClockSays) {
    begin();
    Peer& peer = ws({.player = "p1", .client = "c"});
    const std::string id = peer.admission->connection_id;
    const json opened = page("")["connections"][0]["opened_at"];
    clock.advance(seconds(1));
    clock.step_wall(seconds(-90));
    json told = one(id);
    EXPECT_EQ(told["opened_at"], opened);
    EXPECT_EQ(told["events"][0]["at"], opened);
    EXPECT_EQ(told["client_id"], "c");
    clock.advance(seconds(2));
    hang_up(peer);
    told = one(id);
    EXPECT_EQ(told["opened_at"], opened);
    EXPECT_EQ(told["client_id"], "c");
    EXPECT_EQ(told["age_seconds"], 3);
    const json& last = told["events"].back();
    EXPECT_EQ(last["event"], "closing") << "the socket ended by itself";
    EXPECT_EQ(last["close_code"], 1006);
}

TEST_F(ConnectionPagesTest, OnlySoManyAskAndALoopThatHangsIsGivenUp) {
    begin();
    for (std::size_t i = 0; i < ConnectionPages::kAskedMax; ++i) put({Route::monitored_connections});
    EXPECT_TRUE(told_.empty());
    put({Route::monitored_connections});
    ASSERT_EQ(told_.size(), 1u);
    EXPECT_EQ(told_.front().error().code, "overloaded");
    clock.advance(ConnectionPages::kAnsweredWithin);
    pages_->tick(now());
    EXPECT_EQ(told_.size(), 1 + ConnectionPages::kAskedMax);
    EXPECT_EQ(told_.back().error().code, "overloaded");
    turn();
    for (; !tasks_.empty(); tasks_.pop_front()) tasks_.front()();
    EXPECT_EQ(told_.size(), 1 + ConnectionPages::kAskedMax) << "an answer that comes too late is none";
    told_.clear();
    EXPECT_EQ(page("")["total"], 0);
}

}  // namespace
}  // namespace mythos::monitor
