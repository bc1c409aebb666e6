// The node: who is woken when, and counters over all loops.
#include "hub/node.hpp"

#include "hub/hub_fixture.hpp"
#include "hub/late_journal.hpp"

namespace mythos::hub::test {
namespace {

class NodeTest : public HubTest {};

TEST_F(NodeTest, AnAppendWakesEachOtherLoopOnceUntilItTakesItsTurn) {
    start(3);
    turn();
    std::vector<int> wakes(3, 0);
    for (std::uint32_t i = 0; i < 3; ++i) node_->set_wake(i, [&wakes, i] { ++wakes[i]; });
    const auto publish_in = [&](std::uint32_t at) {
        loop(at).post_publish(R"({"everyone":true,"type":"t"})", {}, now(), [](Answer) {});
        loop(at).turn(clock);
    };
    publish_in(0);
    publish_in(0);
    EXPECT_EQ(wakes, (std::vector<int>{0, 1, 1}));
    loop(1).turn(clock);
    publish_in(0);
    EXPECT_EQ(wakes, (std::vector<int>{0, 2, 1}));
}

TEST_F(NodeTest, ACommitBetweenTurnsWakesEveryLoop) {
    LateJournal::Disk disk;
    auto late = std::make_unique<LateJournal>(disk);
    LateJournal& journal = *late;
    start_on(std::move(late), 2);
    journal.at_once = false;
    loop(0).post_publish(R"({"everyone":true,"type":"t"})", {}, now(), [](Answer) {});
    turn();
    std::vector<int> wakes(2, 0);
    for (std::uint32_t i = 0; i < 2; ++i) node_->set_wake(i, [&wakes, i] { ++wakes[i]; });
    journal.commit_all();
    EXPECT_EQ(wakes, (std::vector<int>{1, 1}));
}

TEST_F(NodeTest, CountersAddUpOverTheLoops) {
    start(2);
    ws({.player = "p1", .loop = 0});
    ws({.player = "p2", .loop = 1});
    loop(1).counters().add(Counter::http_not_found, 3);
    EXPECT_EQ(count(Counter::opened_websocket), 2u);
    EXPECT_EQ(count(Counter::http_not_found), 3u);
}

}  // namespace
}  // namespace mythos::hub::test
