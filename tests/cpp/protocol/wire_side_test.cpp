#include "protocol/wire_side.hpp"

#include <gtest/gtest.h>

namespace mythos::protocol {
namespace {

using By = Route::By;

class WireSideTest : public testing::Test {
protected:
    WireSide& side(Wire wire) { return sides_[index_of(wire)]; }
    void live(Wire wire, std::uint64_t attempt) {
        side(wire).link.opening({}, attempt);
        side(wire).link.welcome({}, std::nullopt, "k");
    }

    ClientConfig config_;
    Jitter jitter_{1, 0.5};
    Outputs outputs_;
    WireSides sides_{WireSide(config_, jitter_), WireSide(config_, jitter_)};
};

TEST_F(WireSideTest, RoutesByAHealthyWebSocketThenByPost) {
    EXPECT_EQ(route_of(sides_, false).by, By::none);
    live(Wire::sse, 1);
    EXPECT_EQ(route_of(sides_, false).by, By::post);
    EXPECT_EQ(route_of(sides_, true).by, By::none);
    live(Wire::websocket, 2);
    EXPECT_EQ(route_of(sides_, false), (Route{By::websocket, 2}));
    side(Wire::websocket).link.mark_missed();
    EXPECT_EQ(route_of(sides_, false).by, By::post);
    EXPECT_EQ(route_of(sides_, true), (Route{By::websocket, 2}));
    side(Wire::sse).link.mark_missed();
    EXPECT_EQ(route_of(sides_, false), (Route{By::websocket, 2}));
    side(Wire::websocket).link.end(WireLink::Phase::off);
    EXPECT_EQ(route_of(sides_, false).by, By::post);
}

TEST_F(WireSideTest, TellsAStatusOnce) {
    WireSide& s = side(Wire::sse);
    s.tell(Wire::sse, outputs_);
    EXPECT_TRUE(outputs_.empty());
    live(Wire::sse, 1);
    s.reason = "welcome";
    s.tell(Wire::sse, outputs_);
    s.tell(Wire::sse, outputs_);
    ASSERT_EQ(outputs_.size(), 1u);
    EXPECT_EQ(std::get<WireChanged>(outputs_[0]).status, WireStatus::live);
    s.standby = true;
    EXPECT_EQ(s.status(), WireStatus::standby);
    s.link.mark_missed();
    EXPECT_EQ(s.status(), WireStatus::unhealthy);
    s.link.end(WireLink::Phase::barred);
    EXPECT_EQ(s.status(), WireStatus::barred);
    EXPECT_EQ(wire_status_name(s.status()), "barred");
}

TEST_F(WireSideTest, FailsOverWhenTheCarrierNoLongerCarries) {
    Merge merge(config_, outputs_);
    std::optional<Wire> carrier;
    merge.set_epoch("e1");
    tell_failover(carrier, sides_, merge, outputs_);
    EXPECT_FALSE(carrier);
    for (Wire wire : kClientWires) {
        live(wire, 1);
        merge.attach(wire, {"e1", 5}, Merge::By::welcome);
        tell_failover(carrier, sides_, merge, outputs_);
    }
    EXPECT_EQ(carrier, Wire::websocket);
    EXPECT_TRUE(outputs_.empty());
    side(Wire::websocket).link.mark_missed();
    tell_failover(carrier, sides_, merge, outputs_);
    EXPECT_EQ(carrier, Wire::sse);
    ASSERT_EQ(outputs_.size(), 1u);
    EXPECT_EQ(std::get<FailedOver>(outputs_[0]).to, Wire::sse);
}

TEST_F(WireSideTest, KnowsWhenNoWireComesBackByItself) {
    EXPECT_TRUE(all_ended(sides_));
    side(Wire::sse).link.open_at({});
    EXPECT_FALSE(all_ended(sides_));
    side(Wire::sse).link.end(WireLink::Phase::barred);
    EXPECT_TRUE(all_ended(sides_));
    side(Wire::sse).link.end(WireLink::Phase::refused);
    EXPECT_FALSE(all_ended(sides_));
}

}  // namespace
}  // namespace mythos::protocol
