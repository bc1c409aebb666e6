#include "store/event_queue.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace mythos::store {
namespace {

Event opening(int n) { return {.kind = Event::Kind::connection_opened, .connection_id = std::to_string(n)}; }
Event closing(int n) { return {.kind = Event::Kind::connection_closed, .connection_id = std::to_string(n)}; }

std::vector<std::string> ids(const std::vector<Event>& events) {
    std::vector<std::string> out;
    for (const Event& e : events) out.push_back(e.connection_id);
    return out;
}

TEST(EventQueueTest, GivesWhatWasPushedInOrderAndInPortions) {
    EventQueue queue(16);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue.push(opening(i)));
    std::vector<Event> taken;
    queue.take(taken, 3);
    EXPECT_EQ(ids(taken), (std::vector<std::string>{"0", "1", "2"}));
    EXPECT_EQ(queue.size(), 5u) << "taken is not written";
    queue.settle(3);
    taken.clear();
    queue.take(taken, 100);
    EXPECT_EQ(ids(taken), (std::vector<std::string>{"3", "4"}));
}

TEST(EventQueueTest, TheLastQuarterIsForClosings) {
    EventQueue queue(8);
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(queue.push(opening(i)));
    EXPECT_FALSE(queue.push(opening(6)));
    EXPECT_TRUE(queue.push(closing(0)));
    EXPECT_TRUE(queue.push(closing(1)));
    EXPECT_FALSE(queue.push(closing(2)));
    EXPECT_EQ(queue.dropped(), 2u);
    EXPECT_EQ(queue.size(), 8u);
    std::vector<Event> taken;
    queue.take(taken, 8);
    EXPECT_FALSE(queue.push(closing(3))) << "what was taken has its place until it is settled";
    queue.settle(8);
    EXPECT_TRUE(queue.push(opening(7)));
}

TEST(EventQueueTest, AwaitingEndsWithTheLastThatWasPushedBefore) {
    EventQueue queue(8);
    EXPECT_TRUE(queue.await_settled(seconds(10))) << "nothing to wait for";
    EXPECT_TRUE(queue.push(opening(0)));
    EXPECT_FALSE(queue.await_settled(milliseconds(1)));
    std::thread writer([&] {
        std::vector<Event> taken;
        queue.gather(seconds(60), seconds(60), 1'000);  // woken by who waits
        queue.take(taken, 8);
        queue.settle(taken.size());
    });
    EXPECT_TRUE(queue.await_settled(seconds(60)));
    writer.join();
}

TEST(EventQueueTest, ManyThreadsPushAndNothingIsLost) {
    EventQueue queue(100'000);
    constexpr int kEach = 5'000;
    std::vector<std::thread> pushers;
    for (int t = 0; t < 4; ++t)
        pushers.emplace_back([&queue, t] {
            for (int i = 0; i < kEach; ++i) queue.push(closing(t * kEach + i));
        });
    std::vector<Event> taken;
    std::vector<int> last(4, -1);
    while (taken.size() < 4 * kEach) {
        queue.gather(seconds(1), milliseconds(1), 1'000);
        const std::size_t before = taken.size();
        queue.take(taken, 1'000);
        queue.settle(taken.size() - before);
    }
    for (auto& pusher : pushers) pusher.join();
    for (const Event& e : taken) {
        const int n = std::stoi(e.connection_id);
        EXPECT_GT(n, std::exchange(last[static_cast<std::size_t>(n / kEach)], n)) << "each thread's are in its order";
    }
    EXPECT_EQ(queue.dropped(), 0u);
    EXPECT_EQ(queue.size(), 0u);
}

}  // namespace
}  // namespace mythos::store
