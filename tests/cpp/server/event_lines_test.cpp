#include "server/event_lines.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/manual_clock.hpp"
#include "observe/temporary.hpp"

namespace mythos::server {
namespace {

using hub::HubEvent;
using nlohmann::json;

json line_of(const HubEvent& event, observe::Level level = observe::Level::info) {
    const test::MemoryFile stream;
    const ManualClock clock;
    {
        auto logging = observe::Logging::open({.level = level, .output = stream.descriptor()}, clock);
        log_event((*logging)->named("server.realtime.connection_manager"), event);
    }
    return json::parse(stream.content(), nullptr, false);
}

HubEvent session(HubEvent::Kind kind, std::string_view reason) {
    HubEvent event;
    event.kind = kind;
    event.player_id = "ann";
    event.session_id = "s_1";
    event.reason = reason;
    event.lasted = milliseconds(2'500);
    event.at = {3'500'000'000};
    event.connections = 2;
    return event;
}

TEST(EventLines, OfASession) {
    EXPECT_EQ(line_of(session(HubEvent::Kind::session_opened, ""))["event"], "Session opened");
    const json ended = line_of(session(HubEvent::Kind::session_ended, "expired"));
    EXPECT_EQ(ended["event"], "Session ended");
    EXPECT_EQ(ended["player_id"], "ann");
    EXPECT_EQ(ended["session_id"], "s_1");
    EXPECT_EQ(ended["reason"], "expired");
    EXPECT_EQ(ended["duration_ms"], 2500);
    EXPECT_EQ(ended["connections"], 2);
    EXPECT_EQ(line_of(session(HubEvent::Kind::session_ended, "replaced"))["event"], "Session replaced");
}

TEST(EventLines, OfAMessageByItsTarget) {
    HubEvent event;
    event.kind = HubEvent::Kind::message_chosen;
    event.message_id = "k-7";
    event.message_type = "chat.said";
    event.message_bytes = 99;
    event.sample_rate = 0.25;
    event.target = {journal::TargetKind::player, "ann"};
    const json told = line_of(event);
    EXPECT_EQ(told["event"], "Message delivery attempt");
    EXPECT_EQ(told["player_id"], "ann");
    EXPECT_EQ(told["message_id"], "k-7");
    EXPECT_EQ(told["message_type"], "chat.said");
    EXPECT_EQ(told["message_size"], 99);
    EXPECT_EQ(told["sample_rate"], 0.25);
    event.target = {journal::TargetKind::channel, "room"};
    EXPECT_EQ(line_of(event)["channel"], "room");
    event.target = {journal::TargetKind::everyone, ""};
    EXPECT_EQ(line_of(event)["channel"], "*");
}

TEST(EventLines, NoneBelowTheLevel) {
    EXPECT_TRUE(line_of(session(HubEvent::Kind::session_opened, ""), observe::Level::warning).is_discarded());
}

}  // namespace
}  // namespace mythos::server
