#include "journal/ring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace mythos::journal {
namespace {

std::vector<Entry*> entries(Seq first, std::size_t count, MonoTime at = {}) {
    std::vector<Draft> drafts(count);
    for (std::size_t i = 0; i < count; ++i) {
        drafts[i].record.head = R"("type":"t")";
        drafts[i].record.data = std::to_string(first + i);
        drafts[i].ordinal = first + i;
    }
    return make_entries("e", first, at, std::move(drafts));
}

void publish(Ring& ring, std::size_t count, MonoTime at = {}) { ring.publish(entries(ring.head() + 1, count, at), at); }

constexpr Retention kWide{1'000'000, std::size_t{1} << 40, seconds(1'000'000)};

TEST(RingTest, BeginsEmptyBelowItsFirstPosition) {
    Ring ring(kWide, 100);
    EXPECT_EQ(ring.head(), 99u);
    EXPECT_EQ(ring.first(), 100u);
    publish(ring, 3);
    EXPECT_EQ(ring.head(), 102u);
    EXPECT_EQ(ring.first(), 100u);
}

TEST(RingTest, KeepsSoManyEntries) {
    Retention retention = kWide;
    retention.entries = 4;
    Ring ring(retention);
    publish(ring, 3);
    EXPECT_EQ(ring.first(), 1u);
    publish(ring, 7);
    EXPECT_EQ(ring.head(), 10u);
    EXPECT_EQ(ring.first(), 7u) << "the newest four";
}

TEST(RingTest, KeepsSoManyBytesButTheNewestAlways) {
    auto sample = entries(1, 1);
    Retention retention = kWide;
    retention.bytes = sample[0]->footprint() * 3;
    sample[0]->release();
    Ring ring(retention);
    publish(ring, 9);
    EXPECT_EQ(ring.first(), 7u);
    EXPECT_LE(ring.bytes(), retention.bytes);
    retention.bytes = 1;
    Ring tiny(retention);
    publish(tiny, 5);
    EXPECT_EQ(tiny.first(), 5u);
    EXPECT_EQ(tiny.head(), 5u);
}

TEST(RingTest, KeepsForSoLong) {
    Retention retention = kWide;
    retention.age = seconds(10);
    Ring ring(retention);
    publish(ring, 1, MonoTime{} + seconds(1));
    publish(ring, 1, MonoTime{} + seconds(5));
    ring.evict(MonoTime{} + seconds(11));
    EXPECT_EQ(ring.first(), 1u);
    ring.evict(MonoTime{} + seconds(12));
    EXPECT_EQ(ring.first(), 2u);
    ring.evict(MonoTime{} + seconds(60));
    EXPECT_EQ(ring.first(), 3u) << "head + 1: nothing is retained";
    EXPECT_EQ(ring.head(), 2u);
    EXPECT_EQ(ring.bytes(), 0u);
    publish(ring, 1, MonoTime{} + seconds(61));
    EXPECT_EQ(ring.first(), 3u);
}

TEST(RingTest, AReaderSeesEveryEntryHoweverShortTheRetention) {
    Retention retention = kWide;
    retention.entries = 2;
    Ring ring(retention);
    Ring::Reader reader(ring);
    publish(ring, 50);
    EXPECT_EQ(ring.first(), 49u);
    for (Seq seq = reader.position() + 1; seq <= ring.head(); ++seq) EXPECT_EQ(reader.at(seq).seq, seq);
    reader.advance_to(50);
    publish(ring, 1);
    EXPECT_EQ(reader.at(51).ordinal, 51u);
}

TEST(RingTest, WhatIsPinnedStaysThoughItWasReadAndEvicted) {
    Retention retention = kWide;
    retention.entries = 5;
    Ring ring(retention);
    Ring::Reader reader(ring);
    publish(ring, 5);
    reader.advance_to(5);
    EXPECT_EQ(reader.pin(), 1u);
    const std::string_view frame = reader.at(2).ws();
    const std::string copy(frame);
    publish(ring, 100);
    EXPECT_EQ(ring.first(), 101u);
    EXPECT_EQ(reader.at(2).seq, 2u);
    EXPECT_EQ(frame, copy) << "under the address sanitizer: not freed";
    reader.advance_to(105);
    reader.unpin();
    EXPECT_EQ(reader.pin(), 101u);
    reader.unpin();
}

TEST(RingTest, AReferenceOutlivesThePinAndTheRing) {
    const Entry* held = nullptr;
    {
        Retention retention = kWide;
        retention.entries = 1;
        Ring ring(retention);
        Ring::Reader reader(ring);
        publish(ring, 1);
        reader.pin();
        held = &reader.at(1);
        held->retain();
        reader.advance_to(1);
        reader.unpin();
        publish(ring, 10);
    }
    EXPECT_NE(held->ws().find(R"("data":1})"), std::string_view::npos);
    held->release();
}

TEST(RingTest, TheSlowestReaderBoundsHowFarTheWriterMayRun) {
    Ring ring(kWide);
    const std::size_t all = ring.room(0);
    EXPECT_GE(all, Ring::kMinSlots - 1) << "a batch fits";
    Ring::Reader slow(ring);
    Ring::Reader fast(ring);
    publish(ring, 100);
    fast.advance_to(100);
    EXPECT_EQ(ring.room(100), all - 100);
    EXPECT_EQ(ring.room(150), all - 150) << "appended counts, also what is not committed";
    EXPECT_EQ(ring.room(10'000'000), 0u);
    slow.advance_to(100);
    EXPECT_EQ(ring.room(100), all);
}

TEST(RingTest, AReaderThatIsGoneHoldsUpNobody) {
    Ring ring(kWide);
    const std::size_t all = ring.room(0);
    { Ring::Reader reader(ring); }
    publish(ring, 10);
    EXPECT_EQ(ring.room(10), all);
    Ring::Reader again(ring);
    EXPECT_EQ(again.position(), ring.first() - 1);
}

// One writer, readers that follow and look back; for the thread sanitizer as much as for the result.
TEST(RingTest, ReadersSeeOneOrderWhileItIsWritten) {
    constexpr Seq kLast = 60'000;
    Retention retention = kWide;
    retention.entries = 500;
    Ring ring(retention);
    constexpr int kReaders = 3;
    std::vector<std::unique_ptr<Ring::Reader>> readers;
    for (int i = 0; i < kReaders; ++i) readers.push_back(std::make_unique<Ring::Reader>(ring));
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kReaders; ++i) {
        threads.emplace_back([&, i] {
            Ring::Reader& reader = *readers[static_cast<std::size_t>(i)];
            Seq position = reader.position();
            while (position < kLast) {
                const Seq pinned = reader.pin();
                const Seq head = ring.head();
                for (Seq seq = position + 1; seq <= head; ++seq) wrong += reader.at(seq).seq != seq;
                // Looking back at what is retained, as a slow reader does.
                for (Seq seq = pinned; seq <= head; seq += 50) wrong += reader.at(seq).json().empty();
                position = head;
                reader.advance_to(head);
                reader.unpin();
                std::this_thread::yield();
            }
        });
    }
    while (ring.head() < kLast) {
        const std::size_t batch = std::min<std::size_t>(40, kLast - ring.head());
        if (ring.room(ring.head()) < batch) {
            std::this_thread::yield();
            continue;
        }
        publish(ring, batch);
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace mythos::journal
