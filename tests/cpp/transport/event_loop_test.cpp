#include "transport/event_loop.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <thread>

#include "base/manual_clock.hpp"

namespace mythos::transport {
namespace {

struct Pair {
    Pair() {
        std::array<int, 2> ends;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
            throw std::bad_alloc();
        ours = Socket(ends[0]);
        theirs = Socket(ends[1]);
    }
    Socket ours, theirs;
};

struct Heard {
    std::string bytes;
    int resumed = 0;
    int expired = 0;
    bool ended = false;
    bool destroyed = false;
    std::function<void()> on_ready = [] {};
};

class Listener final : public Watcher {
public:
    Listener(EventLoop& loop, Socket socket, Heard& heard) : Watcher(loop, std::move(socket)), heard_(heard) {}
    ~Listener() override { heard_.destroyed = true; }
    void ready(std::uint32_t) override {
        heard_.on_ready();
        while (socket_.is_open()) {
            const auto count = read_some(socket_, loop_.read_buffer());
            if (count == 0) return;
            if (count < 0) {
                heard_.ended = true;
                return loop_.retire(*this);
            }
            heard_.bytes.append(loop_.read_buffer().data(), static_cast<std::size_t>(count));
        }
    }
    void resume() override { ++heard_.resumed; }
    void expired() override { ++heard_.expired; }

private:
    Heard& heard_;
};

class EventLoopTest : public testing::Test {
protected:
    Listener& listen(Socket socket, Heard& heard) {
        auto owned = std::make_unique<Listener>(loop, std::move(socket), heard);
        Listener& listener = *owned;
        EXPECT_TRUE(loop.adopt(std::move(owned)));
        return listener;
    }
    // Listeners with a byte to read, each of which costs the loop so much time.
    std::vector<Pair> be_ready(std::size_t count, Duration each) {
        std::vector<Pair> pairs(count);
        for (Pair& one : pairs) {
            listen(std::move(one.ours), heard);
            write_some(one.theirs, "x");
        }
        heard.on_ready = [this, each] { clock.advance(each); };
        return pairs;
    }
    void round() {
        loop.run_round(clock.mono());
        loop.bury();
    }

    ManualClock clock;
    Heard heard, other;  // outlive the loop, which destroys the listeners that it still has
    EventLoop loop{clock};
    Pair pair;
};

TEST_F(EventLoopTest, TellsWhatIsReady) {
    listen(std::move(pair.ours), heard);
    round();
    EXPECT_EQ(heard.bytes, "");
    EXPECT_EQ(write_some(pair.theirs, "hello"), 5);
    round();
    EXPECT_EQ(heard.bytes, "hello");
}

TEST_F(EventLoopTest, TellsTheEndAndDestroysOutsideOfCalls) {
    listen(std::move(pair.ours), heard);
    pair.theirs.close();
    loop.run_round(clock.mono());
    EXPECT_TRUE(heard.ended);
    EXPECT_FALSE(heard.destroyed);
    EXPECT_EQ(loop.watchers(), 0u);
    loop.bury();
    EXPECT_TRUE(heard.destroyed);
}

TEST_F(EventLoopTest, AWatcherRetiredByAnotherIsCalledNoMore) {
    Pair second;
    Listener& one = listen(std::move(pair.ours), heard);
    Listener& two = listen(std::move(second.ours), other);
    heard.on_ready = [&] { loop.retire(two); };
    other.on_ready = [&] { loop.retire(one); };
    write_some(pair.theirs, "a");
    write_some(second.theirs, "b");
    round();
    EXPECT_NE(heard.bytes.empty(), other.bytes.empty());
    EXPECT_NE(heard.destroyed, other.destroyed);
}

TEST_F(EventLoopTest, DeferredWatchersResumeOnce) {
    Listener& listener = listen(std::move(pair.ours), heard);
    loop.defer(listener);
    loop.defer(listener);
    loop.run_round(clock.mono() + seconds(3600));  // does not wait
    EXPECT_EQ(heard.resumed, 1);
    round();
    EXPECT_EQ(heard.resumed, 1);
    loop.defer(listener);
    loop.retire(listener);
    round();
    round();
    EXPECT_EQ(heard.resumed, 1);
}

TEST_F(EventLoopTest, DeadlinesExpireByTheClock) {
    Listener& listener = listen(std::move(pair.ours), heard);
    loop.set_deadline(listener, clock.mono() + seconds(5));
    round();
    EXPECT_EQ(heard.expired, 0);
    clock.advance(seconds(5));
    round();
    EXPECT_EQ(heard.expired, 1);
    loop.set_deadline(listener, clock.mono() + seconds(5));
    loop.set_deadline(listener, clock.mono() + seconds(9));
    clock.advance(seconds(6));
    round();
    EXPECT_EQ(heard.expired, 1) << "the newest deadline counts";
    loop.clear_deadline(listener);
    clock.advance(seconds(60));
    round();
    EXPECT_EQ(heard.expired, 1);
}

TEST_F(EventLoopTest, AFloodOfInputDoesNotKeepARoundFromEnding) {
    const auto crowd = be_ready(200, microseconds(100));
    round();
    EXPECT_EQ(heard.bytes.size(), 64u) << "more than 2 ms are over: what else is ready waits for the next";
    round();
    EXPECT_EQ(heard.bytes.size(), 128u);
}

TEST_F(EventLoopTest, NewcomersHaveTheirTurnBehindThoseWhoAreHere) {
    std::vector<Pair> crowd(200);
    for (Pair& one : crowd) {
        loop.adopt_newcomer(std::make_unique<Listener>(loop, std::move(one.ours), other));
        write_some(one.theirs, "x");
    }
    std::size_t newcomers_before = 1;
    heard.on_ready = [&] { newcomers_before = other.bytes.size(); };
    listen(std::move(pair.ours), heard);
    write_some(pair.theirs, "hello");
    round();
    EXPECT_EQ(heard.bytes, "hello");
    EXPECT_EQ(newcomers_before, 0u);
    EXPECT_EQ(other.bytes.size(), 64u);
    for (int rounds = 0; rounds < 3; ++rounds) loop.run_round(clock.mono() + seconds(3600));  // none of them waits
    EXPECT_EQ(other.bytes.size(), 200u);
}

TEST_F(EventLoopTest, ANewcomerThatSettlesIsHeardAsBefore) {
    auto owned = std::make_unique<Listener>(loop, std::move(pair.ours), heard);
    Listener& newcomer = *owned;
    loop.adopt_newcomer(std::move(owned));
    write_some(pair.theirs, "a");
    loop.settle(newcomer);
    loop.settle(newcomer);
    round();
    EXPECT_EQ(heard.bytes, "a");
    write_some(pair.theirs, "b");
    round();
    EXPECT_EQ(heard.bytes, "ab");
}

TEST_F(EventLoopTest, WhatCostsLittleIsTakenTogether) {
    const auto crowd = be_ready(200, microseconds(1));
    round();
    EXPECT_EQ(heard.bytes.size(), 200u);
}

TEST_F(EventLoopTest, AnotherThreadWakesIt) {
    int ran = 0;
    std::thread other([&] { loop.post([&] { ++ran; }); });
    loop.run_round(clock.mono() + seconds(3600));
    other.join();
    round();
    EXPECT_EQ(ran, 1);
    loop.wake();
    loop.wake();
    loop.run_round(clock.mono() + seconds(3600));
}

TEST_F(EventLoopTest, AnEscapedExceptionEndsOnlyItsWatcher) {
    std::string fault;
    loop.on_fault([&](std::string_view what) { fault = what; });
    Pair second;
    listen(std::move(pair.ours), heard);
    listen(std::move(second.ours), other);
    heard.on_ready = [] { throw std::runtime_error("broken"); };
    write_some(pair.theirs, "a");
    write_some(second.theirs, "b");
    round();
    EXPECT_EQ(fault, "broken");
    EXPECT_TRUE(heard.destroyed);
    EXPECT_EQ(other.bytes, "b");
}

TEST_F(EventLoopTest, AnEscapedExceptionEndsOnlyItsTask) {
    std::string fault;
    loop.on_fault([&](std::string_view what) { fault = what; });
    bool ran = false;
    loop.post([] { throw std::runtime_error("broken"); });
    loop.post([&] { ran = true; });
    round();
    EXPECT_EQ(fault, "broken");
    EXPECT_TRUE(ran);
    EXPECT_TRUE(loop.guarded([] {}));
    EXPECT_FALSE(loop.guarded([] { throw std::runtime_error("again"); }));
    EXPECT_EQ(fault, "again");
}

TEST_F(EventLoopTest, ASocketGoesOnInAnotherWatcher) {
    struct Giver final : Watcher {
        using Watcher::Watcher;
        void ready(std::uint32_t) override {}
        Socket give() { return std::move(socket_); }
    };
    auto owned = std::make_unique<Giver>(loop, std::move(pair.ours));
    Giver& giver = *owned;
    ASSERT_TRUE(loop.adopt(std::move(owned)));
    write_some(pair.theirs, "unread");
    round();
    Socket socket = giver.give();
    loop.retire(giver);
    ASSERT_TRUE(loop.adopt_inherited(std::make_unique<Listener>(loop, std::move(socket), heard)));
    round();
    EXPECT_EQ(heard.bytes, "unread") << "what was ready is told again";
}

}  // namespace
}  // namespace mythos::transport
