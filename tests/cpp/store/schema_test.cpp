#include "store/schema.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/database.hpp"

namespace mythos::store {
namespace {

int count(Session& session, const std::string& of) {
    int n = 0;
    session.sql() << "SELECT COUNT(*) FROM " + of, soci::into(n);
    return n;
}

TEST(SchemaTest, HasTheIndexesOfTheGuide) {
    Database database;
    Session session(database.url());
    migrate(session, at(0));
    for (const std::string name : {"idx_connections_player_session", "idx_connections_created_at"})
        EXPECT_EQ(count(session, "sqlite_master WHERE type = 'index' AND name = '" + name + "'"), 1) << name;
    EXPECT_EQ(count(session, "mythos_schema"), 1);
    migrate(session, at(1));
    EXPECT_EQ(count(session, "mythos_schema"), 1) << "each step is applied once";
}

TEST(SchemaTest, ServersThatStartAtOnceWaitForOneAnother) {
    Database database;
    std::atomic<int> ready{0};
    std::vector<std::thread> servers;
    for (int i = 0; i < 4; ++i)
        servers.emplace_back([&] {
            Session session(database.url());
            session.prepare();
            migrate(session, at(0));
            ++ready;
        });
    for (auto& server : servers) server.join();
    EXPECT_EQ(ready, 4);
    Session session(database.url());
    EXPECT_EQ(count(session, "mythos_schema"), 1);
}

TEST(SchemaTest, ANewerOneIsLeftAsItIs) {
    Database database;
    Session session(database.url());
    migrate(session, at(0));
    session.sql() << "INSERT INTO mythos_schema (version, applied_at) VALUES (99, 'later')";
    EXPECT_THROW(migrate(session, at(1)), SchemaNewer);
    EXPECT_EQ(count(session, "mythos_schema"), 2);
    session.sql() << "DELETE FROM mythos_schema WHERE version = 99";
    EXPECT_NO_THROW(migrate(session, at(2))) << "the transaction was ended";
}

}  // namespace
}  // namespace mythos::store
