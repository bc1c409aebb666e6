// What a client's wires know together: who counts a range, what is left at the end, how far it acknowledged.
#include "hub/client_state.hpp"

#include "hub/hub_fixture.hpp"
#include "observe/error_tracker.hpp"

namespace mythos::hub::test {
namespace {

struct Tracked {
    ManualClock clock;
    observe::ErrorTracker tracker{clock};
};

struct TotalsOfTest : Tracked, DeliveryTotals {
    TotalsOfTest() : DeliveryTotals(tracker) {}
};

TEST(ClientStateTest, OneOfTwoWiresCountsEachRange) {
    TotalsOfTest totals;
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
    TotalsOfTest totals;
    {
        ClientState client(totals);
        client.begin_account(10, 3);
        client.begin_account(20, 8);
        client.claim(10, 30);
        client.count(4);
        client.end_account(9, "ann", "s1");
    }
    EXPECT_EQ(totals.owed.load(), 6u);
    EXPECT_EQ(totals.unsent.load(), 2u);
    EXPECT_EQ(totals.tracker.count(stats::Counter::accounts_unsent), 1u);
    EXPECT_TRUE(totals.tracker.recent(2).empty()) << "who stays away makes no error";
}

TEST(ClientStateTest, WhileAGapIsOpenEachEntryCountsOnce) {
    TotalsOfTest totals;
    ClientState client(totals);
    client.begin_account(0, 0);
    EXPECT_TRUE(client.claim(0, 2).any);
    client.living[0] = client.living[1] = 1;
    client.sent[0] = 2;
    client.sent[1] = 10;
    client.open_gap({2, 6, 2, 6});
    EXPECT_TRUE(client.claim(6, 10).contested);
    const std::vector<Seq> behind{7, 8, 9, 10}, again{2, 3, 7};
    EXPECT_EQ(client.take(behind, 11), behind);
    EXPECT_EQ(client.take(again, 7), std::vector<Seq>{3}) << "2 was claimed before, 7 by the other wire";
    client.settle_gaps();
    EXPECT_EQ(totals.gap.load(), 0u) << "wire 0 may yet bring it";
    client.living[0] = 0;
    client.settle_gaps();
    EXPECT_EQ(totals.gap.load(), 3u);
    EXPECT_EQ(client.take(again, 7), std::nullopt);
    EXPECT_TRUE(client.claim(11, 12).any) << "where the wire had come to";
}

TEST(ClientStateTest, AClientThatNamesAPlaceBehindAGapGivesItUp) {
    TotalsOfTest totals;
    ClientState client(totals);
    client.begin_account(0, 0);
    client.living[0] = client.living[1] = 1;
    client.sent[1] = 10;
    client.open_gap({2, 6, 2, 6});
    client.skip_to(5);
    EXPECT_EQ(totals.gap.load(), 0u);
    client.skip_to(8);
    EXPECT_EQ(totals.gap.load(), 4u);
    EXPECT_EQ(client.claimed_to(), 8u);
}

TEST(ClientStateTest, AClientThatNeverHadAWireOwesNoAccount) {
    TotalsOfTest totals;
    {
        ClientState client(totals);
        client.end_account(9, "ann", "s1");
    }
    EXPECT_EQ(totals.owed.load(), 0u);
    EXPECT_EQ(totals.unsent.load(), 0u);
}

TEST(ClientStateTest, AcknowledgementsOnlyGrow) {
    TotalsOfTest totals;
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
