#include "hub/application.hpp"

#include <gmock/gmock.h>

#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ApplicationTest : public HubTest {
protected:
    Application application() { return Application(*node_); }
    static protocol::Publish to_channel(const std::string& channel, const std::string& data = "{}") {
        return {.to = protocol::Publish::To::channel, .name = channel, .type = "said", .data = data};
    }
};

TEST_F(ApplicationTest, PublishesFromOutsideTheLoopsToAll) {
    start(2);
    Peer& here = ws({.player = "a", .loop = 0});
    Peer& there = sse({.player = "b", .loop = 1});
    subscribe(here, "room");
    ASSERT_TRUE(application().subscribe("b", {"room"}, false));
    const auto seqs = application().publish({to_channel("room", "1"), to_channel("room", "2")});
    ASSERT_TRUE(seqs);
    turn();
    EXPECT_EQ(here.seqs(), *seqs);
    EXPECT_EQ(there.seqs(), *seqs);
    EXPECT_EQ(there.entries.back()["data"], 2);
}

TEST_F(ApplicationTest, ABatchIsBoundedAndRefusedWhole) {
    settings.batch_max = 2;
    start();
    EXPECT_TRUE(application().publish({}));
    const auto refused = application().publish({to_channel("a"), to_channel("a"), to_channel("a")});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "too_big");
    EXPECT_EQ(count(Counter::published), 0u);
}

TEST_F(ApplicationTest, LoopsThatDoNotReadMakeItOverloaded) {
    settings.batch_max = 100'000;
    retention.entries = 64;
    start();
    Result<std::vector<Seq>> made = std::vector<Seq>();
    for (int i = 0; i < 100'000 && made; ++i) made = application().publish({to_channel("room")});
    ASSERT_FALSE(made) << "no loop has taken a turn";
    EXPECT_EQ(made.error().code, "overloaded");
    turn();
    EXPECT_TRUE(application().publish({to_channel("room")}));
}

TEST_F(ApplicationTest, TakesChannelsUpAndGivesThemUpForAPlayer) {
    settings.channels_per_session = 2;
    start();
    Peer& peer = ws({.player = "ann"});
    const auto code = [](const Result<void>& result) { return result ? "" : result.error().code; };
    EXPECT_EQ(code(application().subscribe("nobody", {"room"}, false)), "not_found");
    EXPECT_EQ(code(application().unsubscribe("nobody", {"room"})), "not_found");
    EXPECT_EQ(code(application().subscribe("ann", {"bad\nname"}, false)), "bad_channel");
    EXPECT_EQ(code(application().subscribe("ann", {"a", "b", "c"}, false)), "limit");
    EXPECT_EQ(code(application().subscribe("ann", {"room", "hall"}, true)), "");
    turn();
    say("room");
    EXPECT_EQ(peer.entries.back()["channel"], "room");
    EXPECT_EQ(json::parse(application().presence_json("room"))["members"][0]["player_id"], "ann");
    EXPECT_EQ(json::parse(application().channels_json())["channels"].size(), 2u);
    EXPECT_EQ(code(application().unsubscribe("ann", {"room"})), "");
    turn();
    const auto before = peer.seqs();
    say("room");
    EXPECT_EQ(peer.seqs(), before);
}

TEST_F(ApplicationTest, DisconnectsAndReplaces) {
    start(2);
    Peer& peer = ws({.player = "ann", .client = "c", .loop = 1});
    EXPECT_EQ(application().disconnect({.session_id = "unknown"}), 0u);
    EXPECT_EQ(application().disconnect({.player_id = "ann", .code = CloseCode::policy, .reason = "go"}), 1u);
    turn();
    EXPECT_EQ(peer.close_code, 1008);
    hang_up(peer);
    Peer& again = ws({.player = "ann", .client = "c"});
    const auto replaced = application().replace_session("ann");
    EXPECT_EQ(replaced->disconnected, 1u);
    turn();
    EXPECT_EQ(again.close_code, 4001);
    EXPECT_NE(replaced->session_id, session_of(again));
}

TEST_F(ApplicationTest, TellsWhoIsThere) {
    start();
    EXPECT_EQ(application().all_connections_json(), "[]");
    Peer& peer = ws({.player = "ann", .client = "c"});
    sse({.player = "bob"});
    EXPECT_EQ(application().sessions(), 2u);
    EXPECT_EQ(application().connections(), 2u);
    EXPECT_EQ(json::parse(application().connections_json("ann"))["session_id"], session_of(peer));
    EXPECT_EQ(json::parse(application().all_connections_json()).size(), 2u);
    EXPECT_EQ(application().epoch(), "ep");
}

}  // namespace
}  // namespace mythos::hub::test
