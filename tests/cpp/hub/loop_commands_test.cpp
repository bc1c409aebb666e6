// Commands: executed once and answered the same on every way in; bad ones counted and bounded.
#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"
#include "hub/late_journal.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const json kSay = {{"channel", "room"}, {"type", "said"}, {"data", 1}};

class CommandTest : public HubTest {
protected:
    json posted(const std::string& session, const json& body, const std::string& client = "c") {
        const Answer answer = post_commands(session, client, body.dump());
        EXPECT_EQ(answer.status, 200) << answer.body;
        return json::parse(answer.body);
    }
    static json cmd(const std::string& id, const std::string& type, const json& data = json::object()) {
        json out{{"type", type}, {"data", data}};
        if (!id.empty()) out["id"] = id;
        return out;
    }
};

TEST_F(CommandTest, SentAgainOnAnyWayInItIsExecutedOnceAndAnsweredTheSame) {
    start(2);
    Peer& first = ws({.client = "c", .loop = 0});
    subscribe(first, "room");
    const std::string session = session_of(first);
    const json reply = command(first, "c-1000001", "publish", kSay);
    EXPECT_EQ(command(first, "c-1000001", "publish", kSay), reply);
    EXPECT_EQ(first.replies("c-1000001"), 2u);
    hang_up(first);
    Peer& second = ws({.client = "c", .loop = 1});
    EXPECT_EQ(command(second, "c-1000001", "publish", kSay), reply);
    EXPECT_EQ(posted(session, cmd("c-1000001", "publish", kSay))[0]["data"], reply);
    EXPECT_EQ(posted(session, cmd("c-1000001", "publish", kSay))[0]["type"], "mythos.reply");
    EXPECT_EQ(count(Counter::published), 1u);
    Peer& stranger = ws({.client = "other"});
    EXPECT_NE(command(stranger, "c-1000001", "publish", kSay)["data"]["id"], reply["data"]["id"])
        << "ids belong to a client";
}

TEST_F(CommandTest, AFailureIsAnOutcomeToo) {
    start();
    Peer& peer = ws({.client = "c"});
    const json failed = command(peer, "c-1", "publish", {{"type", "t"}});
    EXPECT_EQ(failed["error"]["code"], "bad_command");
    EXPECT_EQ(command(peer, "c-1", "publish", {{"type", "t"}}), failed);
    EXPECT_EQ(count(Counter::command_error_bad_command), 1u) << "answered from memory";
}

TEST_F(CommandTest, TheSameIdWithAnotherBodyIsAConflict) {
    start();
    Peer& peer = ws({.client = "c"});
    command(peer, "c-1", "publish", kSay);
    EXPECT_EQ(command(peer, "c-1", "ping")["error"]["code"], "id_conflict");
    json other = kSay;
    other["data"] = 2;
    EXPECT_EQ(command(peer, "c-1", "publish", other)["error"]["code"], "id_conflict");
    EXPECT_EQ(count(Counter::published), 1u);
    EXPECT_EQ(count(Counter::command_error_id_conflict), 2u);
}

TEST_F(CommandTest, AForgottenNumberIsStaleAndNeverExecuted) {
    settings.command_outcomes = 3;
    start();
    Peer& peer = ws({.client = "c"});
    for (int i = 1; i <= 5; ++i) command(peer, "c-" + std::to_string(i), "publish", kSay);
    EXPECT_EQ(command(peer, "c-2", "publish", kSay)["error"]["code"], "stale_id");
    EXPECT_EQ(command(peer, "c-1", "publish", kSay)["error"]["code"], "stale_id");
    EXPECT_EQ(command(peer, "c-3", "publish", kSay)["ok"], true);
    EXPECT_EQ(count(Counter::published), 5u);
}

TEST_F(CommandTest, WithoutAnIdNothingIsAnsweredAndFailuresAreCounted) {
    start();
    Peer& peer = ws({.client = "c"});
    for (const char* type : {"subscribe", "refresh", "nonsense", "history", "ping"}) command(peer, "", type);
    command(peer, "", "history", {{"channel", "room"}});
    EXPECT_EQ(peer.count("reply"), 0u);
    EXPECT_EQ(count(Counter::command_error_fire_and_forget), 4u) << "subscribe, refresh, nonsense, history";
    subscribe(peer, "room");
    command(peer, "", "publish", kSay);
    EXPECT_EQ(peer.entries.size(), 1u);
}

TEST_F(CommandTest, APostAnswersAnArrayInOrderWithoutElementsForTheFireAndForget) {
    start();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    const std::string session = session_of(peer);
    EXPECT_EQ(posted(session, cmd("", "ping")), json::array());
    EXPECT_EQ(posted(session, cmd("", "ack", {{"cursor", id(1)}})), json::array());
    EXPECT_EQ(posted(session, json::array()), json::array());
    const json replies =
        posted(session,
               json::array({cmd("", "history", {{"channel", "room"}}), cmd("c-1", "publish", kSay), cmd("", "refresh"),
                            cmd("c-2", "nonsense"), json(5), cmd("c-3", "history", {{"channel", "room"}})}));
    ASSERT_EQ(replies.size(), 4u);
    EXPECT_EQ(replies[0]["data"]["command_id"], "c-1");
    EXPECT_EQ(replies[1]["data"]["error"]["code"], "unknown_command");
    EXPECT_EQ(replies[2]["data"]["command_id"], nullptr);
    EXPECT_EQ(replies[2]["data"]["error"]["code"], "bad_command");
    ASSERT_EQ(replies[3]["data"]["data"]["entries"].size(), 1u) << "a client finds what it published before";
    EXPECT_EQ(replies[3]["data"]["data"]["entries"][0], peer.entries.back());
}

TEST_F(CommandTest, APostWaitsForItsCommitsEvenBesideRefusedFireAndForget) {
    LateJournal::Disk disk;
    auto late = std::make_unique<LateJournal>(disk);
    LateJournal& journal = *late;
    start_on(std::move(late));
    Peer& peer = ws({.client = "c"});
    journal.at_once = false;
    std::vector<Answer> answers;
    loop().post_commands(session_of(peer), "c", json::array({cmd("", "refresh"), cmd("c-1", "publish", kSay)}).dump(),
                         now(), [&](Answer a) { answers.push_back(std::move(a)); });
    turn();
    EXPECT_THAT(answers, IsEmpty());
    // A repeat of the running command waits with it.
    loop().post_commands(session_of(peer), "c", cmd("c-1", "publish", kSay).dump(), now(),
                         [&](Answer a) { answers.push_back(std::move(a)); });
    turn();
    EXPECT_THAT(answers, IsEmpty());
    journal.commit_all();
    turn();
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(json::parse(answers[0].body).size(), 1u);
    EXPECT_EQ(answers[0].body, answers[1].body);
}

TEST_F(CommandTest, AnAckWithAnIdThatWasNotTakenSaysSo) {
    start();
    Peer& peer = ws({.client = "c"});
    EXPECT_EQ(command(peer, "c-1", "ack", {{"cursor", id(1)}})["ok"], true);
    EXPECT_EQ(command(peer, "c-2", "ack", {{"cursor", "zzz"}})["error"]["code"], "bad_cursor");
    EXPECT_EQ(command(peer, "c-3", "ack", {{"cursor", id(99)}})["error"]["code"], "bad_cursor");
    EXPECT_EQ(count(Counter::dropped_ack_ignored), 2u);
}

TEST_F(CommandTest, WhatAClientReportsOfItsDelaysIsTakenWhereItCanBeTrue) {
    start();
    Peer& peer = ws({.client = "c"});
    const auto report = [&](const json& delays) {
        command(peer, "", "ack", {{"cursor", id(1)}, {"stats", {{"delivery_ms", delays}}}});
    };
    report({{0.5, 40}, {12, 1}});
    const auto& shard = *node_->shards(stats::Latency::client_delay)[0];
    EXPECT_EQ(shard.sum(), 32'000'000u);
    json many;
    for (int i = 0; i < 17; ++i) many.push_back({i, 1});
    for (const json& delays : {json(5), json{{1}}, json{{-1, 1}}, json{{1, -1}}, json{{1e9, 1}}, json{{1, 1'000'001}},
                               json{{1, 1}, {"2", 1}}, many})
        report(delays);
    EXPECT_EQ(shard.sum(), 32'000'000u) << "all or nothing of one report";
    EXPECT_EQ(count(Counter::dropped_report_ignored), 8u);
    EXPECT_EQ(count(Counter::dropped_ack_ignored), 0u);
}

TEST_F(CommandTest, HistoryRefusesWhatItCannotRead) {
    start();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    const Seq first = say("room");
    say("room");
    int n = 0;
    const auto code = [&](json data) {
        if (!data.contains("channel")) data["channel"] = "room";
        return command(peer, "h-" + std::to_string(++n), "history", data)["error"]["code"];
    };
    EXPECT_EQ(code({{"limit", -1}}), "bad_command");
    EXPECT_EQ(code({{"limit", 0}}), "bad_command");
    EXPECT_EQ(code({{"limit", "abc"}}), "bad_command");
    EXPECT_EQ(code({{"channel", "a\nb"}}), "bad_channel");
    EXPECT_EQ(code({{"channel", 5}}), "bad_command");
    EXPECT_EQ(code({{"before", "zzz"}}), "bad_cursor");
    EXPECT_EQ(code({{"before", 7}}), "bad_cursor");
    const auto page = [&](Seq before) {
        return command(peer, "h-" + std::to_string(++n), "history",
                       {{"channel", "room"}, {"before", id(before)}})["data"];
    };
    EXPECT_EQ(page(first + 1)["entries"].size(), 1u);
    EXPECT_EQ(page(first)["entries"].size(), 0u) << "the beginning is not the end";
    EXPECT_EQ(page(0)["entries"].size(), 0u);
}

TEST_F(CommandTest, AFewLongAnswersAtOnceAndNoMore) {
    start();
    Peer& peer = ws({.client = "c"});
    std::string many = "[";
    for (int i = 1; i <= 100; ++i)
        many += cmd("c-" + std::to_string(i), i % 2 ? "history" : "presence", {{"channel", "room"}}).dump() + ",";
    many.back() = ']';
    text(peer, many);
    turn();
    int ok = 0, refused = 0;
    for (int i = 1; i <= 100; ++i) {
        const json reply = peer.reply("c-" + std::to_string(i));
        ok += reply["ok"] == true;
        refused += reply["ok"] == false && reply["error"]["code"] == "too_many_outstanding" &&
                   reply["error"]["retryable"] == true;
    }
    EXPECT_EQ(ok, 4);
    EXPECT_EQ(refused, 96);
    EXPECT_EQ(command(peer, "c-200", "history", {{"channel", "room"}})["ok"], true) << "answered ones count no longer";
    const json replies = posted(session_of(peer), json::parse(many));
    ASSERT_EQ(replies.size(), 100u);
    EXPECT_EQ(replies[3]["data"]["ok"], true);
    EXPECT_EQ(replies[4]["data"]["error"]["code"], "too_many_outstanding");
}

TEST_F(CommandTest, WhatItsReadingsAnsweredIsNotKept) {
    start();
    Peer& peer = ws({.client = "c"});
    EXPECT_EQ(command(peer, "c-1", "presence", {{"channel", "room"}})["data"]["members"].size(), 0u);
    subscribe(peer, "room");
    EXPECT_EQ(command(peer, "c-1", "presence", {{"channel", "room"}})["data"]["members"].size(), 1u) << "asked anew";
}

TEST_F(CommandTest, PostsThatCannotBeReadOrHaveNoSession) {
    start();
    Peer& peer = ws({.client = "c"});
    const std::string session = session_of(peer);
    EXPECT_EQ(post_commands(session, "c", "{").status, 400);
    EXPECT_EQ(json::parse(post_commands(session, "c", "{").body)["details"]["error_code"], "bad_json");
    std::string many = "[";
    for (int i = 0; i < 500; ++i) many += R"({"type":"ping"},)";
    many.back() = ']';
    EXPECT_EQ(post_commands(session, "c", many).status, 413);
    EXPECT_EQ(post_commands("unknown", "c", cmd("c-1", "publish", kSay).dump()).status, 410);
    new_session("p1");
    EXPECT_EQ(post_commands(session, "c", cmd("c-1", "publish", kSay).dump()).status, 409);
    EXPECT_EQ(count(Counter::published), 0u) << "nothing is executed";
}

TEST_F(CommandTest, APostOfAKnownPlayerNeedsTheSessionToBeTheirs) {
    start();
    const std::string session = session_of(ws({.client = "c"}));
    const auto post_as = [&](const std::string& player) {
        return answer_of([&](LoopCore& core, AnswerTo answer) {
            core.post_commands(session, "c", cmd("c-1", "publish", kSay).dump(), now(), std::move(answer), player);
        });
    };
    const Answer foreign = post_as("p2");
    EXPECT_EQ(foreign.status, 403);
    EXPECT_EQ(json::parse(foreign.body)["details"]["error_code"], "foreign_session");
    EXPECT_EQ(count(Counter::published), 0u);
    EXPECT_EQ(post_as("p1").status, 200);
    EXPECT_EQ(count(Counter::published), 1u);
}

TEST_F(CommandTest, PlayersMayBeKeptFromPublishing) {
    settings.players_may_publish = false;
    start();
    Peer& peer = ws({.client = "c"});
    EXPECT_EQ(command(peer, "c-1", "publish", kSay)["error"]["code"], "unauthorised");
    EXPECT_EQ(count(Counter::published), 0u);
}

TEST_F(CommandTest, UnreadableInputIsAnsweredWithoutAnIdAndTheTenthCloses) {
    start();
    Peer& peer = ws();
    text(peer, "{nonsense");
    text(peer, "[]");
    text(peer, "5");
    text(peer, R"({"id":"c-1"})");
    turn();
    ASSERT_EQ(peer.count("reply"), 3u) << "an empty array asks for nothing";
    EXPECT_EQ(peer.messages[1]["data"]["error"]["code"], "bad_json");
    EXPECT_EQ(peer.messages[1]["data"]["command_id"], nullptr);
    EXPECT_EQ(peer.messages[2]["data"]["error"]["code"], "bad_command");
    EXPECT_EQ(peer.messages[3]["data"]["command_id"], nullptr) << "an object without a type is no command";
    for (int i = 0; i < 6; ++i) text(peer, "\xff");
    turn();
    EXPECT_FALSE(peer.close_code.has_value());
    text(peer, "x");
    turn();
    EXPECT_EQ(peer.close_code, 1008);
    EXPECT_EQ(count(Counter::command_error_bad_json), 8u);
}

TEST_F(CommandTest, NineAMinuteAreForgiven) {
    start();
    Peer& peer = ws();
    for (int minute = 0; minute < 5; ++minute) {
        for (int i = 0; i < 9; ++i) text(peer, "x");
        for (int i = 0; i < 7; ++i) advance(seconds(10));
    }
    EXPECT_FALSE(peer.close_code.has_value());
}

TEST_F(CommandTest, ARepeatIsAnsweredAlsoByAServerThatShutsDown) {
    start();
    Peer& peer = ws({.client = "c"});
    const json reply = command(peer, "c-1", "publish", kSay);
    loop().drain(seconds(60), "maintenance", now());
    turn();
    EXPECT_EQ(command(peer, "c-1", "publish", kSay), reply);
    const json refused = command(peer, "c-2", "publish", kSay);
    EXPECT_EQ(refused["error"]["code"], "draining");
    EXPECT_EQ(refused["error"]["retryable"], true);
    EXPECT_EQ(count(Counter::published), 1u);
}

TEST_F(CommandTest, AcksThatMakeNoSenseAreIgnoredAndCounted) {
    start();
    Peer& peer = ws({.client = "c"});
    sse({.client = "c", .mode = Mode::standby});
    for (const json& data :
         {json{{"cursor", id(99)}}, json{{"cursor", "other-1"}}, json{{"cursor", 5}}, json(5), json::object()})
        command(peer, "", "ack", data);
    EXPECT_EQ(count(Counter::dropped_ack_ignored), 5u);
    EXPECT_EQ(peer.count("reply"), 0u);
}

TEST_F(CommandTest, PingTellsTheServersTime) {
    start();
    Peer& peer = ws();
    EXPECT_DOUBLE_EQ(command(peer, "c-1", "ping")["data"]["ts"].get<double>(), 1'764'000'000.0);
}

}  // namespace
}  // namespace mythos::hub::test
