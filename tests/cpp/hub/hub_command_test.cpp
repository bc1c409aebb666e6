// The commands that change the journal, and what they answer.
#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HubCommandTest : public HubTest {
protected:
    void SetUp() override {
        settings.channels_per_session = 4;
        start();
        peer = &ws({.client = "c"});
    }
    std::string error_code(const std::string& type, const json& data) {
        const json reply = command(*peer, "c-" + std::to_string(++number), type, data);
        EXPECT_EQ(reply["ok"], false) << reply;
        EXPECT_EQ(reply["error"]["retryable"], false);
        EXPECT_TRUE(reply["error"]["message"].is_string());
        return reply["error"]["code"];
    }
    Peer* peer = nullptr;
    int number = 0;
};

TEST_F(HubCommandTest, SubscribeAnswersTheIdOfItsControlEntry) {
    const json reply = command(*peer, "c-1", "subscribe", {{"channel", "room"}});
    EXPECT_EQ(seq_of(reply["data"]["id"]), journal_->ring().head());
    const Seq next = say("room");
    EXPECT_EQ(next, seq_of(reply["data"]["id"]) + 1);
    EXPECT_THAT(peer->seqs(), ElementsAre(next)) << "the control entry itself is never delivered";
}

TEST_F(HubCommandTest, SubscribingTwiceCountsOnceAndKeepsTheFirstPosition) {
    const Seq first = subscribe(*peer, "room");
    say("room");
    EXPECT_EQ(subscribe(*peer, "room"), first);
    const Seq next = say("room");
    EXPECT_EQ(peer->seqs().back(), next);
    EXPECT_EQ(peer->entries.size(), 2u);
    unsubscribe(*peer, "room");
    say("room");
    EXPECT_EQ(peer->entries.size(), 2u);
}

TEST_F(HubCommandTest, SeveralChannelsInOneCommandAreAllOrNothing) {
    EXPECT_EQ(error_code("subscribe", {{"channels", {"a", "b", "c", "d", "e"}}}), "limit");
    EXPECT_EQ(error_code("subscribe", {{"channels", {"a", ""}}}), "bad_channel");
    say("a");
    EXPECT_THAT(peer->seqs(), IsEmpty());
    const json reply = command(*peer, "s-100", "subscribe", {{"channels", {"a", "b", "c", "d"}}});
    EXPECT_EQ(reply["ok"], true);
    say("a");
    say("d");
    EXPECT_EQ(peer->entries.size(), 2u);
    EXPECT_EQ(command(*peer, "s-101", "subscribe", {{"channels", {"a", "b", "c", "d"}}})["ok"], true)
        << "asking again for all that it has is no more";
    EXPECT_EQ(error_code("subscribe", {{"channel", "e"}}), "limit");
}

TEST_F(HubCommandTest, ABadSubscriptionSaysWhatIsWrong) {
    EXPECT_EQ(error_code("subscribe", json::object()), "bad_command");
    EXPECT_EQ(error_code("subscribe", {{"channels", json::array()}}), "bad_command");
    EXPECT_EQ(error_code("subscribe", {{"channel", 5}}), "bad_channel");
    EXPECT_EQ(error_code("subscribe", {{"channel", std::string(257, 'a')}}), "bad_channel");
    EXPECT_EQ(error_code("subscribe", {{"channel", "a\nb"}}), "bad_channel");
    for (const json& data : {json::array(), json(5), json(nullptr), json("room")})
        EXPECT_EQ(error_code("subscribe", data), "bad_command");
}

TEST_F(HubCommandTest, UnsubscribingFromWhatIsNotHeldIsNoError) {
    const json reply = command(*peer, "c-1", "unsubscribe", {{"channel", "never"}});
    EXPECT_EQ(reply["ok"], true);
    EXPECT_EQ(reply["data"]["id"], nullptr);
}

TEST_F(HubCommandTest, APlayerPublishesToItselfAndOthersInOneOrder) {
    Peer& other = ws({.player = "p2"});
    subscribe(*peer, "room");
    subscribe(other, "room");
    const json reply =
        command(*peer, "c-1", "publish", {{"channel", "room"}, {"type", "said"}, {"data", {{"text", "hi"}}}});
    EXPECT_EQ(reply["data"]["id"], peer->entries.back()["id"]);
    EXPECT_EQ(other.entries, peer->entries);
    EXPECT_EQ(peer->entries.back()["data"]["text"], "hi");
    EXPECT_EQ(count(Counter::published), 1u);
}

TEST_F(HubCommandTest, ReservedTypesAreRefused) {
    for (const char* type : {"mythos.welcome", "presence.joined"})
        EXPECT_EQ(error_code("publish", {{"channel", "room"}, {"type", type}}), "reserved_type");
    EXPECT_EQ(count(Counter::command_error_reserved_type), 2u);
}

TEST_F(HubCommandTest, NumbersAndKeyOrderOfDataSurvive) {
    subscribe(*peer, "room");
    text(
        *peer,
        R"({"id":"c-9","type":"publish","data":{"channel":"room","type":"t","data":{"z":12345678901234567890123,"a": 1.50}}})");
    turn();
    EXPECT_NE(peer->bytes.find(R"("data":{"z":12345678901234567890123,"a":1.50}})"), std::string::npos);
}

TEST_F(HubCommandTest, PresenceAnswersWhoIsThere) {
    Peer& other = ws({.player = "p2"});
    subscribe(other, "room");
    const json reply = command(*peer, "c-100", "presence", {{"channel", "room"}});
    ASSERT_EQ(reply["data"]["members"].size(), 1u);
    EXPECT_EQ(reply["data"]["members"][0]["player_id"], "p2");
    EXPECT_EQ(error_code("presence", json::object()), "bad_command");
}

}  // namespace
}  // namespace mythos::hub::test
