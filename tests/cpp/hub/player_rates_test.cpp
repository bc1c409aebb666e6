#include "hub/player_rates.hpp"

#include <gtest/gtest.h>

#include "hub/hub_fixture.hpp"

namespace mythos::hub {
namespace {

constexpr RateLimit kLimit{4, seconds(8)};  // one in 2 s

MonoTime at(Duration d) { return MonoTime{} + seconds(1'000) + d; }

TEST(PlayerRates, TakeABucketAtOnceAndThenOneAtATime) {
    PlayerRates rates;
    for (int i = 0; i < 4; ++i) EXPECT_EQ(rates.take("ann", at({}), kLimit), Duration{});
    EXPECT_EQ(rates.take("ann", at({}), kLimit), seconds(2));
    EXPECT_EQ(rates.take("ann", at(seconds(1)), kLimit), seconds(1)) << "who was refused has not been counted";
    EXPECT_EQ(rates.take("bob", at({}), kLimit), Duration{}) << "each player has a bucket";
    EXPECT_EQ(rates.wait("ann", at(seconds(2)), kLimit), Duration{});
    EXPECT_EQ(rates.take("ann", at(seconds(2)), kLimit), Duration{}) << "to ask how long counts for nothing";
    EXPECT_EQ(rates.take("ann", at(seconds(2)), kLimit), seconds(2));
    // A window without a request fills the bucket, and no more than that.
    for (int i = 0; i < 4; ++i) EXPECT_EQ(rates.take("ann", at(seconds(60)), kLimit), Duration{});
    EXPECT_GT(rates.take("ann", at(seconds(60)), kLimit), Duration{});
}

TEST(PlayerRates, OfNoLimitKnowNobody) {
    PlayerRates rates;
    for (int i = 0; i < 100; ++i) EXPECT_EQ(rates.take("ann", at({}), RateLimit{}), Duration{});
    EXPECT_EQ(rates.size(), 0u);
}

TEST(PlayerRates, FollowALimitThatChanges) {
    PlayerRates rates;
    const RateLimit slow{1, seconds(3'600)};
    EXPECT_EQ(rates.take("ann", at({}), slow), Duration{});
    EXPECT_EQ(rates.take("ann", at({}), slow), seconds(3'600));
    EXPECT_EQ(rates.wait("ann", at({}), kLimit), seconds(2)) << "no longer than the new window makes it";
    EXPECT_EQ(rates.wait("ann", at(seconds(1)), kLimit), seconds(1)) << "and from there on it passes";
    EXPECT_EQ(rates.take("ann", at(seconds(2)), kLimit), Duration{});
    EXPECT_EQ(rates.wait("ann", at({}), RateLimit{}), Duration{});
}

TEST(PlayerRates, ForgetThoseWhoseBucketsAreFull) {
    PlayerRates rates;
    for (int second = 0; second < 100; ++second)
        for (int i = 0; i < 100; ++i)
            rates.take("p" + std::to_string(second) + "-" + std::to_string(i), at(seconds(second)), kLimit);
    EXPECT_LE(rates.size(), 1'024u) << "of 10,000 players 200 asked within what one request costs";
}

TEST(PlayerRates, AWaitIsToldInWholeSecondsThatSuffice) {
    EXPECT_EQ(whole_seconds(milliseconds(1)), 1);
    EXPECT_EQ(whole_seconds(seconds(2)), 2);
    EXPECT_EQ(whole_seconds(seconds(2) + nanoseconds(1)), 3);
}

using test::HubTest;
using test::Peer;

class PlayerRatesInTheHub : public HubTest {};

TEST_F(PlayerRatesInTheHub, CommandsOnBothWiresAndOpeningsShareABucket) {
    settings.rate = {4, seconds(8)};
    start();
    Peer& peer = ws({.player = "ann", .client = "c"});
    EXPECT_EQ(command(peer, "c-1", "ping")["ok"], true);
    EXPECT_EQ(post_commands(session_of(peer), "c", R"({"id":"c-2","type":"ping"})").status, 200);
    EXPECT_EQ(command(peer, "c-3", "ping")["ok"], true);
    const auto reply = command(peer, "c-4", "ping");
    EXPECT_EQ(reply["error"]["code"], "rate_limited");
    EXPECT_EQ(reply["error"]["retryable"], true);
    const Answer refused = post_commands(session_of(peer), "c", R"([{"id":"c-5","type":"ping"}])");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.headers, (std::vector<std::pair<std::string, std::string>>{{"Retry-After", "2"}}));
    EXPECT_EQ(command(peer, "c-3", "ping")["ok"], true) << "a repeat is answered, not executed";
    EXPECT_EQ(post_commands(session_of(peer), "c", R"([{"type":"ack","data":{"cursor":"none"}}])").status, 200)
        << "who acknowledges asks for nothing";
    clock.advance(seconds(2));
    EXPECT_EQ(command(peer, "c-4", "ping")["ok"], true) << "the same id: it was not executed before";
    EXPECT_EQ(node_->count(stats::Counter::command_error_rate_limited), 1u);
}

}  // namespace
}  // namespace mythos::hub
