#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <set>

namespace mythos {
namespace {

TEST(IdsTest, ACursorIsEpochAndSeq) {
    EXPECT_EQ(format_cursor("k3f9", 1042), "k3f9-1042");
    EXPECT_EQ(format_cursor(Cursor{"a", 0}), "a-0");
    EXPECT_EQ(parse_cursor("k3f9-1042"), (Cursor{"k3f9", 1042}));
    EXPECT_EQ(parse_cursor("a-0"), (Cursor{"a", 0}));
    EXPECT_EQ(parse_cursor("0123456789abcdef-9223372036854775807"),
              (Cursor{"0123456789abcdef", 9'223'372'036'854'775'807u}));
}

TEST(IdsTest, EverythingElseIsNoCursor) {
    for (const char* text : {"",
                             "-",
                             "a",
                             "a-",
                             "-1",
                             "a-01",
                             "a-00",
                             "a--1",
                             "a-+1",
                             "a- 1",
                             "a-1 ",
                             " a-1",
                             "A-1",
                             "a_b-1",
                             "a-1x",
                             "a-1-2",
                             "a-0x10",
                             "0123456789abcdefg-1",
                             "a-9223372036854775808",
                             "a-18446744073709551616",
                             "a-99999999999999999999999",
                             "\xc3\xa9-1",
                             "a-1\n",
                             "a-1\r\nid: x"})
        EXPECT_EQ(parse_cursor(text), std::nullopt) << text;
    EXPECT_EQ(parse_cursor(std::string_view("a-1\0", 4)), std::nullopt);
}

TEST(IdsTest, NamesAreSafeInUrlsHeadersAndLogs) {
    for (const char* good : {"a", "player-1", "A.b_c:d@e-f9"}) EXPECT_TRUE(is_valid_name(good, 128)) << good;
    for (const char* bad : {"", " ", "a b", "a/b", "a\n", "a%20", "\xc3\xa9", "a,b", "a\"", "a'"})
        EXPECT_FALSE(is_valid_name(bad, 128)) << bad;
    EXPECT_FALSE(is_valid_name(std::string_view("a\0b", 3), 128));
    EXPECT_TRUE(is_valid_name(std::string(8, 'a'), 8));
    EXPECT_FALSE(is_valid_name(std::string(9, 'a'), 8));
}

TEST(IdsTest, RandomNamesDifferAndAreNames) {
    std::set<std::string> seen;
    for (int i = 0; i < 1'000; ++i) {
        const std::string name = random_name("s_");
        EXPECT_EQ(name.size(), 2u + 20u);
        EXPECT_TRUE(name.starts_with("s_"));
        EXPECT_TRUE(is_valid_name(name, 128));
        seen.insert(name);
    }
    EXPECT_EQ(seen.size(), 1'000u);
    EXPECT_TRUE(parse_cursor(random_name("", 40) + "-1").has_value()) << "an epoch";
}

}  // namespace
}  // namespace mythos
