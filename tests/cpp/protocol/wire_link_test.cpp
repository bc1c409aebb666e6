#include "protocol/wire_link.hpp"

#include <gtest/gtest.h>

namespace mythos::protocol {
namespace {

using Due = WireLink::Due;
using Phase = WireLink::Phase;

MonoTime at(std::int64_t ms) { return MonoTime{} + milliseconds(ms); }

class WireLinkTest : public testing::Test {
protected:
    void live(std::int64_t ms) {
        link_.opening(at(ms), ++attempt_);
        link_.welcome(at(ms), milliseconds(1'000), "k");
    }
    std::int64_t delay(std::int64_t ms) { return (*link_.deadline() - at(ms)).ms(); }

    ClientConfig config_;
    Jitter jitter_{1, 0.5};
    WireLink link_{config_, jitter_};
    std::uint64_t attempt_ = 0;
};

TEST_F(WireLinkTest, OpensWhenItIsTime) {
    EXPECT_EQ(link_.deadline(), std::nullopt);
    link_.open_at(at(10));
    EXPECT_EQ(link_.due(at(9)), Due::nothing);
    EXPECT_EQ(link_.due(at(10)), Due::open);
}

TEST_F(WireLinkTest, GivesUpAnAttemptWithoutWelcome) {
    link_.opening(at(0), 1);
    EXPECT_EQ(link_.due(at(4'999)), Due::nothing);
    EXPECT_EQ(link_.due(at(5'000)), Due::give_up);
}

TEST_F(WireLinkTest, MarksThenEndsASilentWire) {
    live(0);
    EXPECT_EQ(link_.due(at(1'249)), Due::nothing);
    EXPECT_EQ(link_.due(at(1'250)), Due::missed);
    link_.mark_missed();
    EXPECT_FALSE(link_.healthy());
    EXPECT_EQ(link_.due(at(1'999)), Due::nothing);
    EXPECT_EQ(link_.due(at(2'000)), Due::dead);
    EXPECT_TRUE(link_.heard(at(1'999)));
    EXPECT_TRUE(link_.healthy());
    EXPECT_FALSE(link_.heard(at(2'000)));
    EXPECT_EQ(link_.due(at(2'000)), Due::nothing);
}

TEST_F(WireLinkTest, ComesBackAtOnceOnlyAfterAStableConnection) {
    live(0);
    link_.closed(at(1'000), true, std::nullopt);
    EXPECT_EQ(delay(1'000), 10);
    live(1'010);
    link_.closed(at(1'020), true, std::nullopt);
    EXPECT_EQ(delay(1'020), 150);
    live(1'170);
    link_.closed(at(2'170), true, std::nullopt);
    EXPECT_EQ(delay(2'170), 10);
    live(2'180);
    link_.closed(at(5'000), false, std::nullopt);
    EXPECT_EQ(delay(5'000), 75);
}

TEST_F(WireLinkTest, WaitsAsLongAsTheServerAsks) {
    live(0);
    link_.hold_off_until(at(9'000));
    link_.closed(at(2'000), true, std::nullopt);
    EXPECT_EQ(delay(0), 9'000);
    live(9'000);
    link_.closed(at(9'001), true, milliseconds(800));
    EXPECT_EQ(delay(9'001), 900);
}

TEST_F(WireLinkTest, KnowsWhichReportsAreAboutIt) {
    live(0);
    EXPECT_TRUE(link_.is_current(1));
    EXPECT_FALSE(link_.is_current(2));
    link_.closed(at(1), true, std::nullopt);
    EXPECT_FALSE(link_.is_current(1));
    link_.end(Phase::barred);
    EXPECT_EQ(link_.deadline(), std::nullopt);
    EXPECT_EQ(link_.due(at(99'999)), Due::nothing);
}

}  // namespace
}  // namespace mythos::protocol
