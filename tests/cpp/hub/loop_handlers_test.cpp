// Commands that the application executes: the same promises as for the hub's own.
#include <gmock/gmock.h>

#include <algorithm>

#include "hub/application.hpp"
#include "hub/hub_fixture.hpp"
#include "hub/late_journal.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Kind = HandlerAnswer::Kind;

class HandlersInLoopsTest : public HubTest {
protected:
    void start_with_handlers(std::uint32_t loops = 1) {
        start(loops);
        handlers().set_types({"say"});
    }
    Handlers& handlers() { return Application(*node_).handlers(); }

    // The calls that wait, which must be so many.
    std::vector<HandlerCall> take(std::size_t expected) {
        std::vector<HandlerCall> calls;
        for (const SharedCall& call : handlers().take(1'000)) calls.push_back(*call);
        EXPECT_EQ(calls.size(), expected);
        calls.resize(expected);
        return calls;
    }
    void answer(const HandlerCall& call, std::string data) {
        handlers().answer({{.ticket = call.ticket, .data = std::move(data)}});
        turn();
    }
    void fail(const HandlerCall& call, Kind kind, const std::string& code) {
        handlers().answer({{.ticket = call.ticket, .kind = kind, .error = {code, "no"}}});
        turn();
    }
    // One who reads nothing any more, subscribed to the room, and its command c-1.
    std::pair<Peer*, HandlerCall> slow_reader_and_its_call() {
        start_with_handlers();
        Peer& peer = ws({.client = "c"});
        subscribe(peer, "room");
        command(peer, "c-1", "say");
        const HandlerCall call = take(1)[0];
        peer.room = 0;
        return {&peer, call};
    }
    // What a handler publishes.
    void say_in_room(std::string data) {
        protocol::Publish message;
        message.name = "room";
        message.type = "said";
        message.data = std::move(data);
        ASSERT_TRUE(Application(*node_).publish({message}));
    }
    // What came on a wire, in order: entries by their data, replies by their command.
    static std::vector<std::string> told(const Peer& peer) {
        std::vector<std::string> out;
        for (const json& message : peer.messages) {
            if (message["type"] == "said") out.push_back(message["data"].dump().substr(0, 8));
            if (message["type"] == "mythos.reply") out.push_back(message["data"]["command_id"].get<std::string>());
        }
        return out;
    }
    std::vector<Answer> posted;
    void post(const std::string& session, const std::string& client, const std::string& id, std::uint32_t at = 0) {
        const json body{{"id", id}, {"type", "say"}, {"data", 1}};
        loop(at).post_commands(session, client, body.dump(), now(),
                               [this](Answer a) { posted.push_back(std::move(a)); });
        turn();
    }
};

TEST_F(HandlersInLoopsTest, ACommandReachesTheApplicationAndItsReplyTheSender) {
    start_with_handlers();
    Peer& peer = ws({.player = "ann", .client = "c"});
    EXPECT_TRUE(command(peer, "c-1", "say", {{"text", "hi"}}).is_null()) << "nothing to tell yet";
    const auto call = take(1)[0];
    EXPECT_EQ(call.type, "say");
    EXPECT_EQ(call.data, R"({"text":"hi"})");
    EXPECT_EQ(call.command_id, "c-1");
    EXPECT_EQ(call.player_id, "ann");
    EXPECT_EQ(call.session_id, session_of(peer));
    EXPECT_EQ(call.client_id, "c");
    answer(call, R"({"heard":2})");
    EXPECT_EQ(peer.reply("c-1")["data"]["heard"], 2);
    EXPECT_EQ(peer.reply("c-1")["ok"], true);
}

TEST_F(HandlersInLoopsTest, ACallCarriesTheTraceOfItsPost) {
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    loop(0).post_commands(
        session_of(peer), "c", R"({"id":"c-1","type":"say"})", now(), [](Answer) {}, {}, "trace-1");
    command(peer, "c-2", "say");
    turn();
    const auto calls = take(2);
    EXPECT_EQ(calls[0].trace_id, "trace-1");
    EXPECT_EQ(calls[1].trace_id, "") << "its connection named none";
}

TEST_F(HandlersInLoopsTest, AnswersAndNewCommandsOfOneTurnAreKeptApart) {
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    for (int n = 1; n <= 20; ++n) {
        const std::string id = "c-" + std::to_string(n);
        text(peer, R"({"id":")" + id + R"(","type":"say","data":)" + std::to_string(n) + "}");
        turn();
        const auto call = take(1)[0];
        // Its answer waits for the same turn as the next command.
        handlers().answer({{.ticket = call.ticket, .data = call.data}});
    }
    turn();
    for (int n = 1; n <= 20; ++n) EXPECT_EQ(peer.reply("c-" + std::to_string(n))["data"], n);
}

TEST_F(HandlersInLoopsTest, OtherTypesStayUnknown) {
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    EXPECT_EQ(command(peer, "c-1", "shout")["error"]["code"], "unknown_command");
    handlers().set_types({});
    EXPECT_EQ(command(peer, "c-2", "say")["error"]["code"], "unknown_command");
    take(0);
}

TEST_F(HandlersInLoopsTest, OneThatRanIsNeverRunAgain) {
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    command(peer, "c-1", "say");
    answer(take(1)[0], "1");
    EXPECT_EQ(command(peer, "c-1", "say")["data"], 1);
    command(peer, "c-2", "say");
    fail(take(1)[0], Kind::failed, "no_way");
    EXPECT_EQ(peer.reply("c-2")["error"]["code"], "no_way");
    EXPECT_EQ(peer.reply("c-2")["error"]["retryable"], false);
    EXPECT_EQ(command(peer, "c-2", "say")["error"]["code"], "no_way");
    EXPECT_EQ(peer.replies("c-2"), 2u);
    EXPECT_EQ(command(peer, "c-2", "say", 5)["error"]["code"], "id_conflict");
    take(0);
    EXPECT_EQ(count(Counter::command_error_other), 1u);
}

TEST_F(HandlersInLoopsTest, RepeatsOfARunningCommandWaitForItWhereverTheyCome) {
    start_with_handlers(3);
    Peer& first = ws({.client = "c", .loop = 0});
    command(first, "c-1", "say", 1);
    const auto call = take(1)[0];
    hang_up(first);
    Peer& second = ws({.client = "c", .loop = 1});
    EXPECT_TRUE(command(second, "c-1", "say", 1).is_null());
    post(session_of(second), "c", "c-1", 2);
    take(0);
    EXPECT_THAT(posted, IsEmpty());
    answer(call, "7");
    EXPECT_EQ(second.reply("c-1")["data"], 7);
    ASSERT_THAT(posted, SizeIs(1));
    EXPECT_EQ(json::parse(posted[0].body)[0]["data"], second.reply("c-1"));
}

TEST_F(HandlersInLoopsTest, OnlySoManyRepeatsWait) {
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    for (int i = 0; i < 9; ++i) command(peer, "c-1", "say");
    EXPECT_EQ(peer.replies("c-1"), 0u);
    EXPECT_EQ(command(peer, "c-1", "say")["error"]["code"], "too_many_outstanding");
    EXPECT_EQ(peer.reply("c-1")["error"]["retryable"], true);
    answer(take(1)[0], "1");
    EXPECT_EQ(peer.replies("c-1"), 10u);
}

TEST_F(HandlersInLoopsTest, RefusedItMayBeSentAgain) {
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    command(peer, "c-1", "say");
    fail(take(1)[0], Kind::refused, "draining");
    EXPECT_EQ(peer.reply("c-1")["error"]["retryable"], true);
    command(peer, "c-1", "say");
    answer(take(1)[0], "1");
    EXPECT_EQ(peer.reply("c-1")["ok"], true);
}

TEST_F(HandlersInLoopsTest, AFullQueueIsOverloadedAndForgotten) {
    settings.handler_calls_max = 2;
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    command(peer, "c-1", "say");
    command(peer, "c-2", "say");
    EXPECT_EQ(command(peer, "c-3", "say")["error"]["code"], "overloaded");
    EXPECT_EQ(peer.reply("c-3")["error"]["retryable"], true);
    EXPECT_EQ(count(Counter::command_error_overloaded), 1u);
    const auto calls = take(2);
    answer(calls[0], "1");
    EXPECT_TRUE(command(peer, "c-3", "say").is_object()) << "the refusal, still";
    answer(take(1)[0], "3");
    EXPECT_EQ(peer.reply("c-3")["data"], 3);
}

TEST_F(HandlersInLoopsTest, ThoseAtTheApplicationCountAsOutstanding) {
    settings.commands_outstanding = 2;
    start_with_handlers();
    Peer& anonymous = ws({});
    command(anonymous, "c-1", "say");
    command(anonymous, "c-2", "say");
    EXPECT_EQ(command(anonymous, "c-3", "say")["error"]["code"], "too_many_outstanding");
    const auto calls = take(2);
    answer(calls[1], "2");
    command(anonymous, "c-3", "say");
    EXPECT_EQ(take(1)[0].command_id, "c-3");
}

TEST_F(HandlersInLoopsTest, WhatTheHandlerPublishedIsVisibleBeforeItsReply) {
    LateJournal::Disk disk;
    auto late = std::make_unique<LateJournal>(disk);
    LateJournal& journal = *late;
    start_on(std::move(late));
    handlers().set_types({"say"});
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    command(peer, "c-1", "say");
    journal.at_once = false;
    say_in_room("1");
    answer(take(1)[0], "1");
    EXPECT_TRUE(peer.reply("c-1").is_null());
    journal.commit_all();
    turn();
    EXPECT_EQ(peer.reply("c-1")["ok"], true);
    EXPECT_EQ(peer.entries.back()["type"], "said");
}

TEST_F(HandlersInLoopsTest, WhatTheHandlerPublishedStandsBeforeItsReplyInTheSameWrite) {
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    subscribe(peer, "room");
    command(peer, "c-1", "say");
    const auto call = take(1)[0];
    const int writes = peer.writes;
    const std::size_t before = told(peer).size();
    say_in_room("1");
    say_in_room("2");
    answer(call, "1");
    auto after = told(peer);
    after.erase(after.begin(), after.begin() + static_cast<std::ptrdiff_t>(before));
    EXPECT_THAT(after, ElementsAre("1", "2", "c-1"));
    EXPECT_EQ(peer.writes, writes + 1);
}

TEST_F(HandlersInLoopsTest, ItStandsBeforeItsReplyAlsoWhereTheSocketTakesLittle) {
    for (std::size_t room = 1; room < 300; room += 7) {
        start_with_handlers();
        Peer& peer = ws({.client = "c"});
        subscribe(peer, "room");
        command(peer, "c-1", "say");
        const auto call = take(1)[0];
        const std::size_t before = told(peer).size();
        peer.room = room;
        say_in_room("1");
        say_in_room("2");
        answer(call, "1");
        command(peer, "c-2", "ping");
        say_in_room("3");
        for (int i = 0; i < 400 && told(peer).size() < before + 5; ++i) drain_socket(peer, room);
        auto after = told(peer);
        after.erase(after.begin(), after.begin() + static_cast<std::ptrdiff_t>(before));
        EXPECT_THAT(after, UnorderedElementsAre("1", "2", "3", "c-1", "c-2"));
        const auto place = [&](const char* what) { return std::find(after.begin(), after.end(), what); };
        EXPECT_LT(place("1"), place("2"));
        EXPECT_LT(place("2"), place("c-1"));
        stop();
    }
}

TEST_F(HandlersInLoopsTest, AReplyDoesNotWaitForEntriesThatThisWireWillNotCarry) {
    start_with_handlers();
    Peer& active = sse({.client = "c"});
    Peer& standby = ws({.client = "c", .session = session_of(active), .mode = Mode::standby});
    subscribe(standby, "room");
    command(standby, "c-1", "say");
    say_in_room("1");
    answer(take(1)[0], "1");
    EXPECT_EQ(standby.reply("c-1")["ok"], true);
    EXPECT_THAT(standby.entries, IsEmpty());
    EXPECT_EQ(active.entries.back()["data"], 1);
}

TEST_F(HandlersInLoopsTest, AReplyThatStandsBehindEntriesIsSentBeforeTheConnectionIsClosed) {
    const auto [reader, call] = slow_reader_and_its_call();
    Peer& peer = *reader;
    say_in_room(json(std::string(200, 'x')).dump());
    answer(call, "1");
    loop().close(peer.key, CloseCode::going_away, "", now());
    turn();
    drain_socket(peer);
    EXPECT_EQ(peer.reply("c-1")["ok"], true);
    EXPECT_EQ(peer.close_code, 1001);
}

TEST_F(HandlersInLoopsTest, RepliesBehindEntriesCountAsWaiting) {
    const auto [reader, call] = slow_reader_and_its_call();
    Peer& peer = *reader;
    say_in_room("1");
    answer(call, json(std::string(70'000, 'x')).dump());
    EXPECT_TRUE(peer.reading_paused);
    drain_socket(peer);
    EXPECT_FALSE(peer.reading_paused);
    EXPECT_EQ(peer.reply("c-1")["data"].get<std::string>().size(), 70'000u);
}

TEST_F(HandlersInLoopsTest, ASessionThatEndsMeanwhileTakesNothingAlong) {
    start_with_handlers(2);
    Peer& peer = ws({.client = "c"});
    const std::string session = session_of(peer);
    command(peer, "c-1", "say", 1);
    post(session, "c", "c-2");
    post(session, "c", "c-2", 1);
    const auto calls = take(2);
    new_session("p1");
    hang_up(peer);
    answer(calls[0], "1");
    EXPECT_THAT(posted, IsEmpty());
    answer(calls[1], "2");
    ASSERT_THAT(posted, SizeIs(2)) << "a POST has its own way back, and so has its repeat";
    EXPECT_EQ(json::parse(posted[0].body)[0]["data"]["data"], 2);
    EXPECT_EQ(handlers().unanswered(), 0u);
    Peer& next = ws({.client = "c"});
    command(next, "c-1", "say", 1);
    EXPECT_EQ(take(1)[0].session_id, session_of(next)) << "another session's commands are others";
}

TEST_F(HandlersInLoopsTest, AnOutcomeIsKeptForAClientThatIsAway) {
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    command(peer, "c-1", "say");
    hang_up(peer);
    answer(take(1)[0], "5");
    Peer& back = ws({.client = "c"});
    EXPECT_EQ(command(back, "c-1", "say")["data"], 5);
}

TEST_F(HandlersInLoopsTest, FireAndForgetRunsAndIsNotAnswered) {
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    command(peer, "", "say");
    command(peer, "", "say");
    const auto calls = take(2);
    answer(calls[0], "1");
    fail(calls[1], Kind::failed, "no_way");
    EXPECT_EQ(peer.count("reply"), 0u);
    EXPECT_EQ(count(Counter::command_error_fire_and_forget), 1u);
}

TEST_F(HandlersInLoopsTest, DrainingRefusesWhatHasNotBegunAndAnswersWhatHas) {
    start_with_handlers();
    Peer& peer = ws({.client = "c"});
    command(peer, "c-1", "say");
    loop().drain(seconds(5), "", now());
    turn();
    EXPECT_EQ(command(peer, "c-2", "say")["error"]["code"], "draining");
    EXPECT_TRUE(command(peer, "c-1", "say").is_null());
    answer(take(1)[0], "1");
    EXPECT_EQ(peer.replies("c-1"), 2u);
}

TEST_F(HandlersInLoopsTest, ALoopMayAskOnItsOwnAccount) {
    settings.handler_calls_max = 1;
    start_with_handlers();
    std::vector<std::string> answers;
    const auto note = [&](const HandlerAnswer& answer) { answers.emplace_back(answer.data.view()); };
    EXPECT_TRUE(loop().ask("mythos.authenticate", "{}", note));
    EXPECT_FALSE(loop().ask("mythos.authenticate", "{}", note)) << "the same bound as for commands";
    const auto call = take(1)[0];
    EXPECT_EQ(call.type, "mythos.authenticate");
    answer(call, "1");
    answer(call, "2");
    EXPECT_THAT(answers, ElementsAre("1"));
}

}  // namespace
}  // namespace mythos::hub::test
