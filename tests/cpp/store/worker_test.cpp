#include "store/worker.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <thread>

#include "store/store_fixture.hpp"

namespace mythos::store {
namespace {

using Kind = Event::Kind;
using nlohmann::json;

class WorkerTest : public StoreFixture {
protected:
    template <class F>
    static void await(F&& true_of) {
        while (!true_of()) std::this_thread::yield();
    }
};

TEST_F(WorkerTest, WhatALockHeldUpIsWrittenOnceItIsGone) {
    auto store = start().value();
    Session other(database.url());
    other.prepare();
    other.begin_alone();
    for (int i = 0; i < 10; ++i)
        store->events().push(connection_event(Kind::connection_closed, "k_" + std::to_string(i), i, 100));
    await([&] { return store->probe().fault == Fault::locked; });
    EXPECT_EQ(store->probe().status, StoreStatus::degraded);
    other.sql().rollback();
    EXPECT_TRUE(store->flush(seconds(60)));
    EXPECT_EQ(json::parse(database.connections()).size(), 10u);
    await([&] { return store->probe().status == StoreStatus::healthy; });
    EXPECT_EQ(store->probe().last_fault, Fault::locked);
}

TEST_F(WorkerTest, WhatTheDatabaseWillNotTakeHoldsUpNothingElse) {
    settings.linger = seconds(60);
    auto store = start().value();
    Session other(database.url());
    other.prepare();
    other.sql() << "CREATE TRIGGER no BEFORE INSERT ON connections WHEN NEW.connection_id = 'k_3' "
                   "BEGIN SELECT RAISE(ABORT, 'no'); END";
    for (int i = 0; i < 6; ++i)
        store->events().push(connection_event(Kind::connection_closed, "k_" + std::to_string(i), i, 100));
    EXPECT_TRUE(store->flush(seconds(60)));
    EXPECT_EQ(json::parse(database.connections()).size(), 5u);
    EXPECT_EQ(store->probe().dropped[static_cast<std::size_t>(Drop::rejected)], 1u);
    EXPECT_EQ(store->probe().written, 5u);
}

TEST_F(WorkerTest, AFullQueueDropsTheNewestAndIsDegraded) {
    settings.queue_events = 16;
    auto store = start().value();
    Session other(database.url());
    other.prepare();
    other.begin_alone();
    for (int i = 0; i < 40; ++i)
        store->events().push(connection_event(Kind::connection_closed, "k_" + std::to_string(i), i, 100));
    const StoreProbe probe = store->probe();
    EXPECT_EQ(probe.dropped[static_cast<std::size_t>(Drop::queue_full)], 24u);
    EXPECT_NE(probe.status, StoreStatus::healthy);
    other.sql().rollback();
    EXPECT_TRUE(store->flush(seconds(60)));
    EXPECT_EQ(json::parse(database.connections({.limit = 100})).size(), 16u);
}

TEST_F(WorkerTest, WhatIsOldIsDeletedWhileItRuns) {
    settings.retention = seconds(60);
    settings.prune_interval = milliseconds(1);
    auto store = start().value();
    store->events().push(connection_event(Kind::connection_closed, "k_1", 1, 2));
    ASSERT_TRUE(store->flush(seconds(60)));
    await([&] { return json::parse(database.connections()).empty(); });
}

TEST_F(WorkerTest, AStatementThatHangsIsCutOff) {
    {
        auto first = start().value();  // makes the tables, which may take longer than the bound
        first->events().push(connection_event(Kind::connection_closed, "k_0", 1, 2));
        ASSERT_TRUE(first->flush(seconds(60)));
    }
    settings.statement_bound = milliseconds(5);
    auto store = start().value();
    Session other(database.url());
    other.prepare();
    // Each row of the retention takes for ever.
    other.sql() << "CREATE TRIGGER slow BEFORE INSERT ON connections BEGIN "
                   "SELECT COUNT(*) FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                   "SELECT x FROM c); END";
    store->events().push(connection_event(Kind::connection_closed, "k_1", 1, 2));
    await([&] { return store->probe().fault == Fault::timed_out; });
    EXPECT_EQ(store->probe().status, StoreStatus::unhealthy);
    settings.stop_bound = milliseconds(1);
    other.sql() << "DROP TRIGGER slow";
    EXPECT_TRUE(store->flush(seconds(60)));
}

}  // namespace
}  // namespace mythos::store
