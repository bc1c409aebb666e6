#include "store/session.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "store/database.hpp"
#include "store/fault.hpp"

namespace mythos::store {
namespace {

TEST(SessionTest, MakesTheDirectoryAndReadsWhileAnotherWrites) {
    Database database;
    Session writes(database.url()), reads(database.url());
    writes.prepare();
    reads.prepare();
    writes.sql() << "CREATE TABLE t (n INTEGER)";
    writes.begin_alone();
    writes.sql() << "INSERT INTO t VALUES (1)";
    int n = -1;
    reads.sql() << "SELECT COUNT(*) FROM t", soci::into(n);
    EXPECT_EQ(n, 0) << "neither waits for the other, nor sees what is not committed";
    writes.sql().commit();
    reads.sql() << "SELECT COUNT(*) FROM t", soci::into(n);
    EXPECT_EQ(n, 1);
}

TEST(SessionTest, AStatementIsEndedFromAnotherThread) {
    Database database;
    Session session(database.url());
    session.prepare();
    std::atomic<bool> over{false};
    std::thread interrupts([&] {
        while (!over) session.interrupt();
    });
    long long n = 0;
    try {
        session.sql() << "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT COUNT(*) FROM c",
            soci::into(n);
        ADD_FAILURE() << "it has no end of its own";
    } catch (const std::exception& thrown) { EXPECT_EQ(fault_of(thrown, false), Fault::timed_out); }
    over = true;
    interrupts.join();
}

}  // namespace
}  // namespace mythos::store
