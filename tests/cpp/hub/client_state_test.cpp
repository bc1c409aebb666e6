// What a client's wires know together: who counts a range, what is left at the end, how far it acknowledged.
#include "hub/client_state.hpp"

#include "hub/hub_fixture.hpp"

namespace mythos::hub::test {
namespace {

TEST(ClientStateTest, OneOfTwoWiresCountsEachRange) {
    DeliveryTotals totals;
    ClientState client(totals);
    client.begin_account(10, 0);
    const auto first = client.claim(10, 15);
    EXPECT_TRUE(first.any);
    EXPECT_EQ(first.above, 10u);
    EXPECT_FALSE(client.claim(10, 15).any) << "the other wire came second";
    const auto overlap = client.claim(12, 20);
    EXPECT_TRUE(overlap.any);
    EXPECT_EQ(overlap.above, 15u) << "only what is new in it";
    EXPECT_FALSE(client.claim(25, 30).any) << "the range between is left to the wire that lags";
}

TEST(ClientStateTest, TheFirstWireBeginsTheAccountForBoth) {
    DeliveryTotals totals;
    {
        ClientState client(totals);
        client.begin_account(10, 3);
        client.begin_account(20, 8);
        client.claim(10, 30);
        client.count(4);
        client.end_account(9);
    }
    EXPECT_EQ(totals.owed.load(), 6u);
    EXPECT_EQ(totals.unsent.load(), 2u);
}

TEST(ClientStateTest, AGapLeftOpenCountsWhatNobodyBrought) {
    DeliveryTotals totals;
    {
        ClientState client(totals);
        client.begin_account(0, 0);
        // Ten positions are owed; a wire told (2, 6] as a gap, brought the rest, of which one was conflated, and went.
        client.claim(0, 2);
        client.count(2);
        client.leave(std::make_unique<OpenGap>(OpenGap{2, 6, 10, 2, 6, 10, 1}));
        client.end_account(10);
    }
    EXPECT_EQ(totals.gap.load(), 4u);
    EXPECT_EQ(totals.written.load(), 3u);
    EXPECT_EQ(totals.conflated.load(), 1u);
    EXPECT_EQ(totals.unsent.load(), 0u);
}

TEST(ClientStateTest, AGapLeftOpenIsNoneWhereTheOtherWireBroughtIt) {
    DeliveryTotals totals;
    {
        ClientState client(totals);
        client.begin_account(0, 0);
        client.leave(std::make_unique<OpenGap>(OpenGap{2, 6, 10, 2, 6, 10}));
        client.claim(0, 8);
        client.count(8);
        client.end_account(10);
    }
    EXPECT_EQ(totals.gap.load(), 0u);
    EXPECT_EQ(totals.written.load(), 0u) << "a part of what is behind the gap was counted: which is not known";
    EXPECT_EQ(totals.unsent.load(), 2u);
}

TEST(ClientStateTest, AClientThatNeverHadAWireOwesNoAccount) {
    DeliveryTotals totals;
    {
        ClientState client(totals);
        client.end_account(9);
    }
    EXPECT_EQ(totals.owed.load(), 0u);
    EXPECT_EQ(totals.unsent.load(), 0u);
}

TEST(ClientStateTest, AcknowledgementsOnlyGrow) {
    DeliveryTotals totals;
    ClientState client(totals);
    client.acknowledge(5, {1}, false);
    EXPECT_FALSE(client.acknowledges()) << "a cursor at connect is no command";
    client.acknowledge(3, {2}, true);
    EXPECT_EQ(client.acked(), 5u);
    EXPECT_TRUE(client.acknowledges());
    EXPECT_EQ(client.ack_time().ns, 2);
}

}  // namespace
}  // namespace mythos::hub::test
