// Commands that fail are errors with the ids of their senders.
#include "hub/hub_fixture.hpp"
#include "observe/error_tracker.hpp"

namespace mythos::hub {
namespace {

using stats::Counter;
using test::HubTest;
using test::Peer;

class LoopErrorsTest : public HubTest {};

TEST_F(LoopErrorsTest, AFailedCommandIsKeptWithWhoSentIt) {
    start();
    Peer& peer = ws({.player = "p1", .client = "c"});
    command(peer, "c-1", "no.such.command");
    text(peer, "no JSON");
    EXPECT_EQ(count(Counter::command_error_unknown_command), 1u);
    EXPECT_EQ(count(Counter::command_error_bad_json), 1u);
    const auto recent = node_->errors().recent(10);
    ASSERT_EQ(recent.size(), 2u);
    EXPECT_EQ(recent[0].player_id, "p1");
    EXPECT_EQ(recent[1].player_id, "p1");
    EXPECT_EQ(recent[1].session_id, session_of(peer));
}

}  // namespace
}  // namespace mythos::hub
