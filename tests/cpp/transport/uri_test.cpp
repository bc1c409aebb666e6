#include "transport/uri.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mythos::transport {
namespace {

using testing::ElementsAre;

TEST(Uri, DecodesEscapes) {
    EXPECT_EQ(percent_decode("room%3Atavern"), "room:tavern");
    EXPECT_EQ(percent_decode("a%2fb%2F"), "a/b/");
    EXPECT_EQ(percent_decode("%C3%B6"), "\xC3\xB6");
    EXPECT_EQ(percent_decode("a+b"), "a+b");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode(""), "");
}

TEST(Uri, RefusesBrokenEscapes) {
    for (const char* text : {"%", "a%", "%4", "%zz", "%4z", "a%00b", "%%41"})
        EXPECT_FALSE(percent_decode(text)) << text;
}

TEST(Uri, ReadsAQuery) {
    const auto query = QueryParameters::parse("session_id=s-1&cursor=k3f9-1042&&empty=&bare&x=a%26b%3Dc&x=second");
    ASSERT_TRUE(query);
    EXPECT_EQ(query->get("session_id"), "s-1");
    EXPECT_EQ(query->get("cursor"), "k3f9-1042");
    EXPECT_EQ(query->get("empty"), "");
    EXPECT_EQ(query->get("bare"), "");
    EXPECT_EQ(query->get("x"), "a&b=c") << "the first one counts";
    EXPECT_FALSE(query->get("absent"));
    EXPECT_EQ(query->text("absent"), "");
}

TEST(Uri, RefusesABrokenQuery) {
    EXPECT_FALSE(QueryParameters::parse("a=%4"));
    EXPECT_FALSE(QueryParameters::parse("%=1"));
    EXPECT_TRUE(QueryParameters::parse(""));
}

TEST(Uri, SplitsAPath) {
    EXPECT_THAT(path_segments("/"), ElementsAre(""));
    EXPECT_THAT(path_segments("/a/b"), ElementsAre("a", "b"));
    EXPECT_THAT(path_segments("/a/"), ElementsAre("a", ""));
    EXPECT_THAT(path_segments("//"), ElementsAre("", ""));
    EXPECT_THAT(path_segments("a"), ElementsAre());
    EXPECT_THAT(path_segments(""), ElementsAre());
}

}  // namespace
}  // namespace mythos::transport
