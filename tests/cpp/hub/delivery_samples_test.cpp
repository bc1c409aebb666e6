#include "hub/delivery_samples.hpp"

#include <gtest/gtest.h>

#include "hub/hub_fixture.hpp"

namespace mythos::hub {
namespace {

TEST(DeliverySamples, TakesTheTypeFromAMessage) {
    EXPECT_EQ(type_of_message(R"({"id":"k-1","type":"chat.said","channel":"room"})"), "chat.said");
    EXPECT_EQ(type_of_message(R"("type":"say \"x\"","ts":1)"), R"(say \"x\")");
    EXPECT_EQ(type_of_message("{}"), "");
    EXPECT_EQ(type_of_message(R"("type":"cut\)"), R"(cut\)");
}

TEST(DeliverySamples, KeepsNoMoreThanItsLinesASecondAndCountsTheRest) {
    stats::CounterShard counters;
    DeliverySamples samples(1, counters);
    const auto note = [&](MonoTime now) { samples.note(1, 2, R"({"type":"t"})", 10, milliseconds(3), now); };
    const MonoTime start{seconds(100).ns};
    for (std::uint32_t i = 0; i < kSampledLinesASecond + 7; ++i) note(start);
    EXPECT_EQ(samples.take().size(), kSampledLinesASecond);
    EXPECT_TRUE(samples.empty());
    EXPECT_EQ(counters.read(stats::Counter::log_samples_left_out), 7u);
    note(start + seconds(1));
    const auto kept = samples.take();
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0].key, 1u);
    EXPECT_EQ(kept[0].seq, 2u);
    EXPECT_EQ(kept[0].report.message_type, "t");
    EXPECT_EQ(kept[0].report.message_bytes, 10u);
    EXPECT_EQ(kept[0].report.took, milliseconds(3));
}

class MessageSampleTest : public test::HubTest {
protected:
    MessageSampleTest() { settings.message_sample = 1; }
    // A node with one loop, whose events are kept.
    void begin() {
        start();
        node_->set_on_event([this](const HubEvent& event) { events.push_back(event); });
    }
    std::vector<HubEvent> events;
};

TEST_F(MessageSampleTest, EachDeliveryIsToldOnceOfWhicheverWireWasFirst) {
    begin();
    auto& websocket = ws({.player = "p1", .client = "c"});
    auto& stream = sse({.player = "p1", .client = "c"});
    subscribe(websocket, "room");
    const Seq seq = say("room");
    turn();
    ASSERT_EQ(websocket.reports.size() + stream.reports.size(), 1u);
    const DeliveryReport& told = websocket.reports.empty() ? stream.reports[0] : websocket.reports[0];
    EXPECT_EQ(told.message_id, id(seq));
    EXPECT_EQ(told.wires, (std::array{true, true}));
    EXPECT_EQ(told.connections, 2u);
    EXPECT_EQ(told.active_connections, 2u);
    EXPECT_EQ(told.sample_rate, 1);
    EXPECT_GT(told.message_bytes, 0u);
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.back().kind, HubEvent::Kind::message_chosen);
    EXPECT_EQ(events.back().message_id, told.message_id);
    EXPECT_EQ(events.back().target.name, "room");
}

TEST_F(MessageSampleTest, AWireThatStandsByIsNoneThatCarries) {
    begin();
    auto& websocket = ws({.player = "p1", .client = "c"});
    sse({.player = "p1", .client = "c", .mode = protocol::Mode::standby});
    subscribe(websocket, "room");
    say("room");
    turn();
    ASSERT_EQ(websocket.reports.size(), 1u);
    EXPECT_EQ(websocket.reports[0].connections, 2u);
    EXPECT_EQ(websocket.reports[0].active_connections, 1u);
    EXPECT_EQ(websocket.reports[0].wires, (std::array{true, false}));
}

TEST_F(MessageSampleTest, NothingIsToldAtRateZeroAndTheRateMayChange) {
    settings.message_sample = 0;
    begin();
    auto& websocket = ws();
    subscribe(websocket, "room");
    say("room");
    turn();
    EXPECT_TRUE(websocket.reports.empty());
    settings.message_sample = 1;
    node_->reload(settings);
    say("room");
    turn();
    EXPECT_EQ(websocket.reports.size(), 1u);
}

TEST_F(MessageSampleTest, AConnectionThatHasGoneTellsNothing) {
    begin();
    auto& websocket = ws();
    subscribe(websocket, "room");
    loop().post_publish(R"({"channel":"room","type":"t","data":{}})", {}, now(), [](Answer) {});
    loop().turn(clock);
    loop().turn(clock);
    hang_up(websocket);
    turn();
    EXPECT_LE(websocket.reports.size(), 1u);
}

TEST_F(MessageSampleTest, SessionsAreToldWhenTheyOpenAndEnd) {
    begin();
    auto& websocket = ws({.player = "ann"});
    new_session("ann");
    turn();
    hang_up(websocket);
    advance(settings.grace + seconds(61));
    std::vector<std::pair<HubEvent::Kind, std::string>> told;
    for (const HubEvent& event : events) {
        EXPECT_EQ(event.player_id, "ann");
        told.emplace_back(event.kind, event.reason);
    }
    using enum HubEvent::Kind;
    EXPECT_EQ(
        told,
        (std::vector<std::pair<HubEvent::Kind, std::string>>{
            {session_opened, ""}, {session_ended, "replaced"}, {session_opened, ""}, {session_ended, "expired"}}));
    EXPECT_EQ(events[1].connections, 1u);
    EXPECT_EQ(events[1].session_id, events[0].session_id);
    EXPECT_GT(events[3].lasted, Duration{});
}

TEST_F(MessageSampleTest, AnAttemptIsToldWithWhatThePlayerHad) {
    begin();
    auto& first = ws({.player = "ann"});
    auto& second = sse({.player = "ann"});
    EXPECT_EQ(first.existing_at_attempt, 0u);
    EXPECT_EQ(second.existing_at_attempt, 1u);
    EXPECT_EQ(second.attempted_as, second.admission->connection_id);
    EXPECT_EQ(second.admission->existing, (std::array<std::size_t, 2>{1, 0}));
    EXPECT_EQ(second.admission->connections, 2u);
    EXPECT_EQ(ws({.player = "ben", .session = session_of(first)}).attempted_as, "");
}

}  // namespace
}  // namespace mythos::hub
