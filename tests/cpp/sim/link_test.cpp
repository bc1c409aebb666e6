// The simulated network and what runs on it: order, room, loss, and the fault account.
#include <gtest/gtest.h>

#include "sim/agenda.hpp"
#include "sim/entropy.hpp"
#include "sim/faults.hpp"
#include "sim/server.hpp"
#include "sim/world.hpp"

namespace mythos::sim {
namespace {

TEST(AgendaTest, ActionsHappenInTheOrderOfTimeThenOfEntry) {
    ManualClock clock;
    Agenda agenda(clock);
    std::string done;
    agenda.after(milliseconds(2), [&] { done += 'c'; });
    agenda.after(milliseconds(1), [&] { done += 'a'; });
    agenda.after(milliseconds(1), [&] { done += 'b'; });
    agenda.after(milliseconds(9), [&] { done += 'x'; });
    agenda.run_until(agenda.now() + milliseconds(5));
    EXPECT_EQ(done, "abc");
    EXPECT_EQ(agenda.now(), MonoTime{} + milliseconds(5));
}

TEST(EntropyTest, NamesReplayFromASeed) {
    seed_entropy(5);
    const auto first = random_name("s_");
    EXPECT_NE(random_name("s_"), first);
    seed_entropy(5);
    EXPECT_EQ(random_name("s_"), first);
}

TEST(FaultLogTest, PairsAreCountedByRun) {
    FaultLog log;
    log.note(Fault::reset, "s1");
    log.note(Fault::reset, "s1");
    log.note(Fault::delay, "s2");
    FaultTotals totals;
    totals.add(log);
    EXPECT_EQ(totals.faulted_sessions, 2u);
    EXPECT_EQ(totals.counts[0], 2u);
    EXPECT_EQ(totals.pairs_met(), 1u);
}

// A server and one client's socket on it.
class LinkTest : public testing::Test {
protected:
    struct End final : LinkEnd {
        std::string bytes;
        int opened = 0;
        int closed = 0;
        void link_opened() override { ++opened; }
        void link_bytes(std::string& piece, std::uint64_t offset) override {
            EXPECT_EQ(offset, bytes.size());
            bytes += piece;
        }
        void link_closed(const LinkClosed&) override { ++closed; }
    };

    LinkTest() {
        seed_entropy(1);
        clock.advance(seconds(1'000));
        server.boot();
    }
    std::shared_ptr<Link> connect(std::size_t buffer = 65'536) {
        auto link =
            std::make_shared<Link>(agenda, Rng(3), LinkPace{milliseconds(1), milliseconds(1), buffer, 0}, &end, false);
        hub::ConnectRequest request;
        request.wire = protocol::Wire::sse;
        request.player_id = "p1";
        link->connect(server.any_loop(), request, {});
        return link;
    }
    void pass(Duration d) { agenda.run_until(agenda.now() + d); }

    Plan plan = draw_plan(1, {});
    ManualClock clock;
    Agenda agenda{clock};
    History history;
    Server server{agenda, clock, history, plan, Rng(1)};
    End end;
};

TEST_F(LinkTest, AConnectionIsLetInAndWelcomed) {
    const auto link = connect();
    pass(milliseconds(100));
    EXPECT_EQ(end.opened, 1);
    EXPECT_NE(end.bytes.find("mythos.welcome"), std::string::npos);
    EXPECT_TRUE(link->whole());
    link->forget_end();
}

TEST_F(LinkTest, AReaderThatStopsFillsTheStoreAndNothingMore) {
    const auto link = connect(200);
    link->read_nothing_until(agenda.now() + seconds(2));
    pass(seconds(1));
    EXPECT_EQ(end.bytes, "");
    EXPECT_EQ(link->stored(), 200u);
    link->read_normally();
    pass(milliseconds(100));
    EXPECT_GT(end.bytes.size(), 200u);
    link->forget_end();
}

TEST_F(LinkTest, ABlackHoleTellsNobodyUntilTheServerMissesTheirAcks) {
    const auto link = connect();
    pass(milliseconds(100));
    link->reset(false, false);
    EXPECT_EQ(server.links().size(), 1u);
    pass(seconds(20));
    EXPECT_EQ(end.closed, 0);
    EXPECT_EQ(server.links().size(), 0u);
    link->forget_end();
}

TEST_F(LinkTest, ACrashEndsTheConnectionAndStrikesOutWhatWasNotCommitted) {
    const auto link = connect();
    pass(milliseconds(100));
    server.crash(true);
    pass(milliseconds(100));
    EXPECT_EQ(end.closed, 1);
    EXPECT_FALSE(server.up());
    link->forget_end();
}

}  // namespace
}  // namespace mythos::sim
