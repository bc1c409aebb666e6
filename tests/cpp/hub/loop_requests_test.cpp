// The HTTP API's bodies: publish, history, and errors.
#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RequestTest : public HubTest {
protected:
    Answer history(const std::string& channel, std::uint32_t limit = 50,
                   std::optional<std::string> before = std::nullopt) {
        return answer_of(
            [&](LoopCore& core, AnswerTo to) { core.get_history(channel, limit, before, now(), std::move(to)); });
    }
    static std::vector<Seq> seqs(const Answer& answer) {
        std::vector<Seq> out;
        const json body = json::parse(answer.body);
        for (const auto& entry : body["entries"]) out.push_back(seq_of(entry["id"]));
        return out;
    }
};

TEST_F(RequestTest, PublishAnswersOneIdOrTheBatchsIdsInOrder) {
    start();
    EXPECT_EQ(post_publish(R"({"channel":"a","type":"t"})").body, R"({"id":"ep-1"})");
    EXPECT_EQ(post_publish(R"({"messages":[{"channel":"a","type":"t"},{"player":"p","type":"t"}]})").body,
              R"({"ids":["ep-2","ep-3"]})");
}

TEST_F(RequestTest, ABatchIsAllOrNothingAndTheErrorNamesTheIndex) {
    start();
    Peer& peer = ws();
    subscribe(peer, "a");
    const Answer bad = post_publish(R"({"messages":[{"channel":"a","type":"t"},{"channel":"a","type":"mythos.x"}]})");
    EXPECT_EQ(bad.status, 400);
    const json body = json::parse(bad.body);
    EXPECT_EQ(body["error"], true);
    EXPECT_EQ(body["details"]["error_code"], "reserved_type");
    EXPECT_EQ(body["details"]["index"], 1);
    EXPECT_TRUE(body["timestamp"].is_string());
    EXPECT_THAT(peer.seqs(), IsEmpty());
}

TEST_F(RequestTest, WhatIsTooMuchOrNoJsonIsRefused) {
    settings.batch_max = 2;
    start();
    EXPECT_EQ(post_publish("{").status, 400);
    EXPECT_EQ(post_publish("[]").status, 400);
    EXPECT_EQ(post_publish(R"({"messages":[]})").status, 400);
    EXPECT_EQ(post_publish(
                  R"({"messages":[{"channel":"a","type":"t"},{"channel":"a","type":"t"},{"channel":"a","type":"t"}]})")
                  .status,
              413);
    EXPECT_EQ(journal_->ring().head(), 0u);
}

TEST_F(RequestTest, HistoryIsTheNewestOldestFirstAndCanBePaged) {
    start();
    std::vector<Seq> said;
    for (int i = 0; i < 7; ++i) {
        said.push_back(say("room"));
        say("elsewhere");
    }
    const Answer newest = history("room", 3);
    EXPECT_THAT(seqs(newest), ElementsAre(said[4], said[5], said[6]));
    EXPECT_EQ(json::parse(newest.body)["more"], true);
    EXPECT_EQ(json::parse(newest.body)["channel"], "room");
    const Answer older = history("room", 50, id(said[4]));
    EXPECT_THAT(seqs(older), ElementsAre(said[0], said[1], said[2], said[3]));
    EXPECT_EQ(json::parse(older.body)["more"], false);
    EXPECT_EQ(json::parse(newest.body)["entries"][0]["type"], "said");
    EXPECT_THAT(seqs(history("nobody")), IsEmpty());
}

TEST_F(RequestTest, HistoryHoldsWhatIsRetainedAndNoPresence) {
    retention.entries = 4;
    start();
    Peer& watcher = ws();
    subscribe(watcher, "room", true);
    Peer& guest = ws({.player = "p2"});
    subscribe(guest, "room");
    EXPECT_THAT(seqs(history("room")), IsEmpty());
    std::vector<Seq> said;
    for (int i = 0; i < 6; ++i) said.push_back(say("room"));
    EXPECT_THAT(seqs(history("room")), ElementsAre(said[2], said[3], said[4], said[5]));
    EXPECT_EQ(json::parse(history("room").body)["more"], false) << "older ones are gone";
}

TEST_F(RequestTest, AVeryLongEntryCanBePagedPast) {
    start();
    const Seq first = say("room");
    const Seq longest = say("room", std::string(400'000, 'a'));
    const Seq last = say("room");
    EXPECT_THAT(seqs(history("room")), ElementsAre(last));
    EXPECT_THAT(seqs(history("room", 50, id(last))), ElementsAre(longest));
    EXPECT_THAT(seqs(history("room", 50, id(longest))), ElementsAre(first));
}

TEST_F(RequestTest, HistoryBeforeMustBeOfThisEpoch) {
    start();
    EXPECT_EQ(history("room", 50, "other-5").status, 400);
    EXPECT_EQ(json::parse(history("room", 50, "nonsense").body)["details"]["error_code"], "bad_cursor");
}

TEST_F(RequestTest, DisconnectTakesExactlyOneNameAndACodeThatMayTravel) {
    start();
    Peer& peer = ws();
    const auto status = [&](const std::string& body) {
        return answer_of([&](LoopCore& core, AnswerTo to) { core.post_disconnect(body, now(), std::move(to)); }).status;
    };
    for (const char* body :
         {"{", "[]", "5", "{}", R"({"player":"p1","session_id":"s"})", R"({"player":""})", R"({"player":5})",
          R"({"player":"p1","code":"x"})", R"({"player":"p1","code":999})", R"({"player":"p1","code":5000})",
          R"({"player":"p1","code":1005})", R"({"player":"p1","code":1006})", R"({"player":"p1","code":4000.5})",
          R"({"player":"p1","session_id":5})", R"({"player":"p1","reason":5})"})
        EXPECT_EQ(status(body), 400) << body;
    EXPECT_FALSE(peer.close_code.has_value());
    EXPECT_EQ(status(R"({"player":"p1","code":4002.0})"), 200);
    EXPECT_EQ(peer.close_code, 4002);
}

TEST_F(RequestTest, AnErrorBodyHasTheFiveMembers) {
    const Answer answer = error_answer(418, "system_error", "teapot", "I\xff am", {0}, 3);
    EXPECT_EQ(answer.status, 418);
    const json body = json::parse(answer.body);
    EXPECT_EQ(body["error"], true);
    EXPECT_EQ(body["error_type"], "system_error");
    EXPECT_EQ(body["details"], (json{{"error_code", "teapot"}, {"index", 3}}));
    EXPECT_EQ(body["timestamp"], "1970-01-01T00:00:00.000000Z");
}

}  // namespace
}  // namespace mythos::hub::test
