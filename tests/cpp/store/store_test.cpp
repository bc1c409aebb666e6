#include "store/store.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "store/store_fixture.hpp"

namespace mythos::store {
namespace {

using Kind = Event::Kind;
using StoreTest = StoreFixture;
using nlohmann::json;

TEST_F(StoreTest, WritesWhatItIsTold) {
    auto store = start().value();
    store->events().push(session_event(Kind::session_opened, "s_1", 1));
    store->events().push(connection_event(Kind::connection_opened, "k_1", 2));
    ASSERT_TRUE(store->flush(seconds(60)));
    EXPECT_EQ(json::parse(database.connections()).size(), 1u);
    const StoreProbe probe = store->probe();
    EXPECT_EQ(probe.status, StoreStatus::healthy);
    EXPECT_EQ(probe.connection_count, 1u);
    EXPECT_EQ(probe.written, 2u);
    EXPECT_EQ(probe.queue_length, 0u);
    EXPECT_EQ(probe.fault, Fault::none);
}

TEST_F(StoreTest, WhatIsQueuedAtTheEndIsWrittenAndWhatIsOpenClosed) {
    settings.linger = seconds(60);
    auto store = start().value();
    store->events().push(connection_event(Kind::connection_opened, "k_1", 2));
    store->stop();
    store->stop();
    EXPECT_EQ(json::parse(database.connections())[0]["close_reason"], "server_stopped");
}

TEST_F(StoreTest, ANewerSchemaIsRefused) {
    Session session(database.url());
    session.prepare();
    migrate(session, at(0));
    session.sql() << "INSERT INTO mythos_schema (version, applied_at) VALUES (99, 'later')";
    const auto started = start();
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().code, "schema_newer");
}

TEST_F(StoreTest, ADatabaseThatIsAwayKeepsNobodyFromStartingOrEnding) {
    settings.url = parse_store_url("postgresql://ann:secret@127.0.0.1:1/game").value();
    settings.stop_bound = milliseconds(50);
    auto store = start().value();
    EXPECT_EQ(store->probe().status, StoreStatus::unhealthy);
    EXPECT_EQ(store->probe().fault, Fault::unreachable);
    EXPECT_EQ(store->probe().connection_count, 0u);
    for (int i = 0; i < 3; ++i) store->events().push(connection_event(Kind::connection_closed, "k", 1, 2));
    EXPECT_FALSE(store->flush(milliseconds(1)));
    store->stop();
    EXPECT_EQ(store->probe().dropped[static_cast<std::size_t>(Drop::shutdown)], 3u);
    logging.reset();
    EXPECT_EQ(lines.content().find("secret"), std::string::npos);
    EXPECT_NE(lines.content().find("\"error_code\":\"unreachable\""), std::string::npos);
}

TEST(StoreStatusTest, HasItsName) { EXPECT_EQ(name_of(StoreStatus::degraded), "degraded"); }

}  // namespace
}  // namespace mythos::store
