#include "journal/memory.hpp"

#include <gtest/gtest.h>

namespace mythos::journal {
namespace {

TEST(MemoryJournalTest, AnAppendIsVisibleAtOnceAndToldOnceABatch) {
    MemoryJournal journal("ep", {});
    int commits = 0;
    journal.on_commit([&] {
        ++commits;
        EXPECT_EQ(journal.ring().head(), journal.appended());
    });
    journal.append(std::vector<Draft>(3), {});
    EXPECT_EQ(journal.appended(), 3u);
    EXPECT_EQ(journal.ring().head(), 3u);
    EXPECT_EQ(commits, 1);
    EXPECT_EQ(journal.epoch(), "ep");
}

TEST(MemoryJournalTest, NothingSurvives) {
    MemoryJournal journal("ep", {});
    EXPECT_EQ(journal.checkpoint_every(), 0u);
    const Recovered found = journal.recover();
    EXPECT_FALSE(found.checkpoint.has_value());
    EXPECT_TRUE(found.records.empty());
}

TEST(MemoryJournalTest, EvictsByAgeWhenAsked) {
    MemoryJournal journal("ep", {.age = seconds(1)});
    journal.append(std::vector<Draft>(2), {});
    journal.evict(MonoTime{} + seconds(2));
    EXPECT_EQ(journal.ring().first(), 3u);
    EXPECT_EQ(journal.appended(), 2u);
}

}  // namespace
}  // namespace mythos::journal
