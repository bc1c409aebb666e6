// The simulated durable journal: late commits in order, crashes, and what is there again.
#include "sim/sim_journal.hpp"

#include <gtest/gtest.h>

namespace mythos::sim {
namespace {

class SimJournalTest : public testing::Test {
protected:
    std::unique_ptr<SimJournal> open(JournalFaults faults = {}) {
        return std::make_unique<SimJournal>(agenda, disk, journal::Retention{.entries = 8},
                                            CommitPace{milliseconds(1), milliseconds(3), 4}, faults, Rng(7));
    }
    static void append(SimJournal& journal, int entries) {
        std::vector<journal::Draft> drafts(static_cast<std::size_t>(entries));
        for (auto& draft : drafts) {
            draft.record.head = R"("type":"t")";
            draft.record.data = "1";
        }
        journal.append(std::move(drafts), MonoTime{});
    }
    void pass(Duration d) { agenda.run_until(agenda.now() + d); }

    ManualClock clock;
    Agenda agenda{clock};
    Disk disk{"e1", 0, {}, {}, 0};
};

TEST_F(SimJournalTest, AnAppendIsVisibleOnlyAfterItsCommit) {
    const auto journal = open();
    int commits = 0;
    journal->on_commit([&] { ++commits; });
    append(*journal, 3);
    EXPECT_EQ(journal->appended(), 3u);
    EXPECT_EQ(journal->ring().head(), 0u);
    pass(milliseconds(5));
    EXPECT_EQ(journal->ring().head(), 3u);
    EXPECT_EQ(commits, 1);
}

TEST_F(SimJournalTest, ACrashTakesBackWhatWasNotCommittedAndNothingElse) {
    auto journal = open();
    append(*journal, 2);
    pass(milliseconds(5));
    append(*journal, 2);
    journal = open();
    pass(milliseconds(5));
    EXPECT_EQ(journal->appended(), 2u) << "the dead process commits nothing";
    const auto found = journal->recover();
    ASSERT_EQ(found.records.size(), 2u);
    EXPECT_EQ(found.records.back().seq, 2u);
}

TEST_F(SimJournalTest, ACheckpointIsNeverAheadOfWhatIsCommitted) {
    auto journal = open();
    append(*journal, 1);
    journal->checkpoint("after 1");
    pass(milliseconds(10));
    append(*journal, 1);
    journal->checkpoint("after 2");
    journal = open();
    const auto found = journal->recover();
    EXPECT_EQ(found.checkpoint, "after 1");
    EXPECT_EQ(found.checkpoint_at, 1u);
}

TEST_F(SimJournalTest, RecordsAreKeptFromTheCheckpointOnWhateverTheRetention) {
    const auto journal = open();
    append(*journal, 2);
    journal->checkpoint("after 2");
    for (int i = 0; i < 10; ++i) append(*journal, 2);
    pass(milliseconds(100));
    EXPECT_EQ(journal->ring().first(), 15u);
    const auto found = journal->recover();
    EXPECT_EQ(found.records.front().seq, 3u);
    EXPECT_EQ(found.records.back().seq, 22u);
}

TEST_F(SimJournalTest, RefillBringsTheRecordsBackUnderTheirPositions) {
    auto journal = open();
    append(*journal, 3);
    pass(milliseconds(5));
    journal = open();
    std::vector<journal::Draft> drafts;
    for (const auto& kept : journal->recover().records) drafts.push_back({kept.record});
    journal->refill(std::move(drafts), agenda.now());
    EXPECT_EQ(journal->ring().head(), 3u);
    append(*journal, 1);
    pass(milliseconds(5));
    EXPECT_EQ(journal->ring().head(), 4u);
}

}  // namespace
}  // namespace mythos::sim
