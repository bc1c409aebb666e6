#include "store/store_url.hpp"

#include <gtest/gtest.h>

namespace mythos::store {
namespace {

using Kind = StoreUrl::Kind;

TEST(StoreUrlTest, NothingAndNoneSwitchItOff) {
    EXPECT_EQ(parse_store_url("").value().kind, Kind::none);
    EXPECT_EQ(parse_store_url("none").value().kind, Kind::none);
}

TEST(StoreUrlTest, ThreeSlashesAreBeforeARelativePathAndFourBeforeAnAbsoluteOne) {
    EXPECT_EQ(parse_store_url("sqlite:///data/mythos.db").value().file, "data/mythos.db");
    EXPECT_EQ(parse_store_url("sqlite:////var/lib/mythos.db").value().file, "/var/lib/mythos.db");
    EXPECT_EQ(parse_store_url("sqlite:///a b.db").value().file, "a b.db");
}

TEST(StoreUrlTest, PostgresqlIsReadByLibpqAndGivenBoundsWhereItNamesNone) {
    const StoreUrl url = parse_store_url("postgresql://ann:it's@db:5433/game?connect_timeout=2").value();
    EXPECT_EQ(url.kind, Kind::postgresql);
    EXPECT_EQ(url.shown, "postgresql://ann@db:5433/game");
    EXPECT_NE(url.connection.find("password='it\\'s'"), std::string::npos) << url.connection;
    EXPECT_NE(url.connection.find("connect_timeout='2'"), std::string::npos);
    EXPECT_EQ(url.connection.find("connect_timeout='5'"), std::string::npos);
    EXPECT_NE(url.connection.find("tcp_user_timeout="), std::string::npos);
}

TEST(StoreUrlTest, WhatIsNoneIsRefusedWithWhatToWriteAndWithoutItsSecrets) {
    for (const char* url : {"mysql://ann:secret@db/game", "sqlite:/secret.db", "sqlite://", "sqlite:///", "secret",
                            "sqlite:///:memory:", "sqlite:///secret?mode=ro", "postgresql://ann:secret@db:x:y/game?a=b",
                            "postgresql://ann@db/game?secret=1"}) {
        const auto parsed = parse_store_url(url);
        ASSERT_FALSE(parsed.ok()) << url;
        EXPECT_EQ(parsed.error().code, "bad_store_url");
        EXPECT_NE(parsed.error().message.find("sqlite:///FILE"), std::string::npos);
        EXPECT_EQ(parsed.error().message.find("secret"), std::string::npos);
    }
}

TEST(StoreUrlTest, WhatIsShownHoldsNoPassword) {
    EXPECT_EQ(shown_store_url("sqlite:///data/mythos.db"), "sqlite:///data/mythos.db");
    EXPECT_EQ(shown_store_url("postgresql://db/game?password=secret"), "postgresql://db/game");
    EXPECT_EQ(shown_store_url("postgresql://ann:s@e?c#r/t@db/game"), "postgresql://ann@db/game");
    EXPECT_EQ(shown_store_url("secret"), "...");
}

}  // namespace
}  // namespace mythos::store
