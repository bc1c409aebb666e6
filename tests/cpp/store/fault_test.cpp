#include "store/fault.hpp"

#include <gtest/gtest.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "store/database.hpp"

namespace mythos::store {
namespace {

Fault of_sqlite(int code) { return fault_of(soci::sqlite3_soci_error("text", code), false); }
Fault of_connecting(const char* text) { return fault_of(soci::soci_error(text), true); }

TEST(FaultTest, SqlitesCodesAreWords) {
    EXPECT_EQ(of_sqlite(SQLITE_BUSY), Fault::locked);
    EXPECT_EQ(of_sqlite(SQLITE_FULL), Fault::disk_full);
    EXPECT_EQ(of_sqlite(SQLITE_IOERR_WRITE), Fault::io_error);
    EXPECT_EQ(of_sqlite(SQLITE_READONLY), Fault::no_access);
    EXPECT_EQ(of_sqlite(SQLITE_CANTOPEN), Fault::unreachable);
    EXPECT_EQ(of_sqlite(SQLITE_NOTADB), Fault::corrupt);
    EXPECT_EQ(of_sqlite(SQLITE_CONSTRAINT), Fault::rejected);
}

TEST(FaultTest, ARefusedConnectionIsToldByItsText) {
    EXPECT_EQ(of_connecting("FATAL:  password authentication failed for user \"ann\""), Fault::no_access);
    EXPECT_EQ(of_connecting("FATAL:  database \"game\" does not exist"), Fault::no_database);
    EXPECT_EQ(of_connecting("timeout expired"), Fault::timed_out);
    EXPECT_EQ(of_connecting("Connection refused"), Fault::unreachable);
}

TEST(FaultTest, AFileThatIsNoDatabaseIsCorrupt) {
    Database database;
    const StoreUrl url = parse_store_url("sqlite:///" + database.directory.path("text.db")).value();
    std::ofstream(url.file) << std::string(4'096, 'x');
    Session session(url);
    try {
        session.prepare();
        ADD_FAILURE() << "it is no database";
    } catch (const std::exception& thrown) { EXPECT_EQ(fault_of(thrown, false), Fault::corrupt); }
}

TEST(FaultTest, WhatIsAwayIsToldFromWhatOnlyFails) {
    EXPECT_TRUE(is_away(Fault::unreachable));
    EXPECT_FALSE(is_away(Fault::locked));
    EXPECT_FALSE(is_away(Fault::none));
    EXPECT_EQ(name_of(Fault::schema_newer), "schema_newer");
    EXPECT_EQ(name_of(Fault::rejected), "rejected");
}

}  // namespace
}  // namespace mythos::store
