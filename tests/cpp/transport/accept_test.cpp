#include "transport/accept.hpp"

#include <gtest/gtest.h>

namespace mythos::transport {
namespace {

TEST(AcceptTest, TheMostSpecificNameCountsWhateverTheOrder) {
    EXPECT_EQ(weight_in("*/*;q=0.1, text/plain;q=0.3", {"text/plain", "text/*", "*/*"}), 0.3);
    EXPECT_EQ(weight_in("text/plain;q=0, */*", {"text/plain", "*/*"}), 0);
    EXPECT_EQ(weight_in("*/*;q=0.1", {"text/plain", "*/*"}), 0.1);
}

TEST(AcceptTest, ReadsWeightsInAnyCaseAmongOtherParameters) {
    EXPECT_EQ(weight_in("Text/Plain;version=0.0.4 ; Q=0.5", {"text/plain"}), 0.5);
    EXPECT_EQ(weight_in("text/plain;version=0.0.4", {"text/plain"}), 1);
    EXPECT_EQ(weight_in("text/plain;q=0.2,text/plain;q=0.4", {"text/plain"}), 0.4);
}

TEST(AcceptTest, OfNothingOrNonsenseThereIsNone) {
    for (const char* list : {"", ",,", ";;,,q=,", "text/html"})
        EXPECT_EQ(weight_in(list, {"text/plain"}), std::nullopt);
}

TEST(AcceptTest, GzipWhereItIsAllowed) {
    EXPECT_TRUE(accepts_gzip("gzip"));
    EXPECT_TRUE(accepts_gzip("deflate, gzip;q=0.5"));
    EXPECT_TRUE(accepts_gzip("*"));
    EXPECT_FALSE(accepts_gzip("gzip;q=0, *")) << "the name says more than the star";
    EXPECT_FALSE(accepts_gzip("br"));
    EXPECT_FALSE(accepts_gzip(""));
}

}  // namespace
}  // namespace mythos::transport
