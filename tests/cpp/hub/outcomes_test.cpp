#include "hub/outcomes.hpp"

#include <gtest/gtest.h>

#include <set>

namespace mythos::hub {
namespace {

using Verdict = Outcomes::Verdict;

constexpr std::size_t kMany = 128;

Outcomes::Told told(const char* text, Seq visible_at = 0) {
    return {visible_at, 0, std::make_unique<std::string>(text)};
}

TEST(OutcomesTest, ACommandIsExecutedOnceAndThenRepeated) {
    Outcomes outcomes;
    EXPECT_EQ(outcomes.begin(7, 1, kMany), Verdict::execute);
    EXPECT_EQ(outcomes.begin(7, 1, kMany), Verdict::running);
    EXPECT_EQ(outcomes.begin(7, 2, kMany), Verdict::conflict);
    outcomes.finish(7, 1, told("done", 42), 256);
    EXPECT_EQ(outcomes.begin(7, 1, kMany), Verdict::repeat);
    EXPECT_EQ(outcomes.begin(7, 2, kMany), Verdict::conflict);
    EXPECT_EQ(*outcomes.told(7).text, "done");
    EXPECT_EQ(outcomes.told(7).visible_at, 42u);
}

TEST(OutcomesTest, APositionIsAnAnswerWithoutAText) {
    Outcomes outcomes;
    outcomes.begin(3, 1, kMany);
    outcomes.finish(3, 1, {9, 8, nullptr}, 256);
    EXPECT_EQ(outcomes.begin(3, 1, kMany), Verdict::repeat);
    EXPECT_EQ(outcomes.told(3).made, 8u);
    EXPECT_EQ(outcomes.told(3).visible_at, 9u);
}

TEST(OutcomesTest, ATextTakesTheMemoryOfOneThatIsForgotten) {
    Outcomes outcomes;
    const std::string* oldest = nullptr;
    for (std::uint64_t n = 1; n <= 5; ++n) {
        ASSERT_EQ(outcomes.begin(n, n, kMany), Verdict::execute);
        outcomes.finish(n, n, Seq{n}, "the reply to " + std::to_string(n), 4);
        if (n == 1) oldest = outcomes.told(1).text.get();
    }
    EXPECT_EQ(outcomes.begin(1, 1, kMany), Verdict::stale);
    EXPECT_EQ(outcomes.told(5).text.get(), oldest);
    for (std::uint64_t n = 2; n <= 5; ++n) {
        ASSERT_EQ(outcomes.begin(n, n, kMany), Verdict::repeat);
        EXPECT_EQ(*outcomes.told(n).text, "the reply to " + std::to_string(n));
        EXPECT_EQ(outcomes.told(n).visible_at, n);
    }
}

// Several run at once, of a client that sends many commands together.
TEST(OutcomesTest, RunningOnesTakeNoOutcomesPlaceAndEachTextTakesAForgottenOnes) {
    Outcomes outcomes;
    constexpr std::uint64_t kTogether = 3, kKept = 6;
    std::set<const std::string*> texts;
    for (std::uint64_t n = 1; n <= 60; n += kTogether) {
        for (std::uint64_t i = n; i < n + kTogether; ++i) ASSERT_EQ(outcomes.begin(i, i, kMany), Verdict::execute);
        for (std::uint64_t i = n > kKept ? n - kKept : 1; i < n; ++i)
            ASSERT_EQ(outcomes.begin(i, i, kMany), Verdict::repeat) << i << " while " << n << " runs";
        for (std::uint64_t i = n; i < n + kTogether; ++i) {
            outcomes.finish(i, i, Seq{i}, "the reply to " + std::to_string(i), kKept);
            texts.insert(outcomes.told(i).text.get());
        }
        if (n > kKept) { ASSERT_EQ(outcomes.begin(n + kTogether - kKept - 1, 0, kMany), Verdict::stale); }
    }
    EXPECT_EQ(texts.size(), kKept);
}

TEST(OutcomesTest, NumbersMayComeInAnyOrder) {
    Outcomes outcomes;
    for (const std::uint64_t n : {9u, 3u, 7u, 1u, 5u, 8u}) EXPECT_EQ(outcomes.begin(n, n, kMany), Verdict::execute);
    for (const std::uint64_t n : {5u, 1u, 9u, 8u, 3u, 7u}) outcomes.finish(n, n, {n, n, nullptr}, 4);
    EXPECT_EQ(outcomes.begin(3, 3, kMany), Verdict::stale);
    EXPECT_EQ(outcomes.forgotten_below(), 4u);
    for (const std::uint64_t n : {5u, 7u, 8u, 9u}) {
        ASSERT_EQ(outcomes.begin(n, n, kMany), Verdict::repeat);
        EXPECT_EQ(outcomes.told(n).made, n);
    }
    EXPECT_EQ(outcomes.next_number(), 10u);
}

// Their places are guessed from the newest number, which gaps, forgotten ones and ends must not lead astray.
TEST(OutcomesTest, NumbersWithGapsAreFound) {
    Outcomes outcomes;
    for (const std::uint64_t n : {10u, 11u, 12u, 20u, 21u, 40u}) {
        EXPECT_EQ(outcomes.begin(n, n, kMany), Verdict::execute);
        outcomes.finish(n, n, {n, n, nullptr}, 4);
    }
    for (const std::uint64_t n : {12u, 20u, 21u, 40u}) EXPECT_EQ(outcomes.begin(n, n, kMany), Verdict::repeat) << n;
    for (const std::uint64_t n : {10u, 11u}) EXPECT_EQ(outcomes.begin(n, n, kMany), Verdict::stale) << n;
    for (const std::uint64_t n : {13u, 22u, 39u, 41u, 5'000u})
        EXPECT_EQ(outcomes.begin(n, n, kMany), Verdict::execute) << n;
    outcomes.forget(22);
    EXPECT_EQ(outcomes.begin(21, 0, kMany), Verdict::conflict);
    EXPECT_EQ(outcomes.begin(22, 22, kMany), Verdict::execute);
}

TEST(OutcomesTest, BeyondTheBoundOfThoseRunningNoneBegins) {
    Outcomes outcomes;
    EXPECT_EQ(outcomes.begin(1, 1, 2), Verdict::execute);
    EXPECT_EQ(outcomes.begin(2, 1, 2), Verdict::execute);
    EXPECT_EQ(outcomes.begin(3, 1, 2), Verdict::too_many);
    EXPECT_EQ(outcomes.begin(1, 1, 2), Verdict::running) << "a repeat of one of them is no new one";
    outcomes.finish(1, 1, told("done", 0), 256);
    EXPECT_EQ(outcomes.begin(3, 1, 2), Verdict::execute) << "refused before, so not remembered";
}

TEST(OutcomesTest, OneRefusedBeforeExecutionMayBeSentAgain) {
    Outcomes outcomes;
    EXPECT_EQ(outcomes.begin(1, 1, 1), Verdict::execute);
    outcomes.forget(1);
    outcomes.forget(1);
    EXPECT_EQ(outcomes.begin(1, 9, 1), Verdict::execute);
}

TEST(OutcomesTest, TheLastOnesAreKeptAndOlderNumbersAreStale) {
    Outcomes outcomes;
    for (std::uint64_t n = 1; n <= 300; ++n) {
        ASSERT_EQ(outcomes.begin(n, n, kMany), Verdict::execute);
        outcomes.finish(n, n, told("done", n), 256);
    }
    EXPECT_EQ(outcomes.begin(44, 44, kMany), Verdict::stale);
    EXPECT_EQ(outcomes.begin(45, 45, kMany), Verdict::repeat);
    EXPECT_EQ(outcomes.forgotten_below(), 45u);
}

TEST(OutcomesTest, NumbersNeverSeenAboveTheForgottenOnesAreExecuted) {
    Outcomes outcomes;
    for (const std::uint64_t n : {10u, 20u, 30u}) {
        outcomes.begin(n, 0, kMany);
        outcomes.finish(n, 0, told("", 0), 2);
    }
    EXPECT_EQ(outcomes.begin(10, 0, kMany), Verdict::stale);
    EXPECT_EQ(outcomes.begin(5, 0, kMany), Verdict::stale);
    EXPECT_EQ(outcomes.begin(15, 0, kMany), Verdict::execute);
}

TEST(OutcomesTest, ARunningOneIsNeverForgottenNorAnythingAboveIt) {
    Outcomes outcomes;
    outcomes.begin(1, 0, kMany);
    for (std::uint64_t n = 2; n <= 20; ++n) {
        outcomes.begin(n, 0, kMany);
        outcomes.finish(n, 0, told("", 0), 4);
    }
    EXPECT_EQ(outcomes.begin(1, 0, kMany), Verdict::running);
    EXPECT_EQ(outcomes.begin(2, 0, kMany), Verdict::repeat);
    outcomes.finish(1, 0, told("", 0), 4);
    EXPECT_EQ(outcomes.begin(1, 0, kMany), Verdict::stale);
    EXPECT_EQ(outcomes.begin(17, 0, kMany), Verdict::repeat);
}

TEST(OutcomesTest, WhatACheckpointHeldIsThereAgain) {
    Outcomes outcomes;
    outcomes.restore_forgotten(5);
    outcomes.finish(6, 66, told("six", 9), 256);
    EXPECT_EQ(outcomes.begin(4, 0, kMany), Verdict::stale);
    EXPECT_EQ(outcomes.begin(6, 66, kMany), Verdict::repeat);
    EXPECT_EQ(outcomes.begin(5, 0, kMany), Verdict::execute);
    int done = 0;
    outcomes.for_each_done([&](std::uint64_t number, std::uint64_t fingerprint, const Outcomes::Told& told) {
        EXPECT_EQ(number, 6u);
        EXPECT_EQ(fingerprint, 66u);
        EXPECT_EQ(*told.text, "six");
        ++done;
    });
    EXPECT_EQ(done, 1) << "a running one has no outcome";
}

}  // namespace
}  // namespace mythos::hub
