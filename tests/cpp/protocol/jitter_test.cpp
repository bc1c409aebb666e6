#include "protocol/jitter.hpp"

#include <gtest/gtest.h>

namespace mythos::protocol {
namespace {

TEST(Jitter, RepeatsFromItsSeedAndStaysBelowOne) {
    Jitter a(7, std::nullopt), b(7, std::nullopt), c(8, std::nullopt);
    bool differs = false;
    double sum = 0;
    for (int i = 0; i < 1'000; ++i) {
        const double x = a.next();
        ASSERT_GE(x, 0.0);
        ASSERT_LT(x, 1.0);
        ASSERT_EQ(x, b.next());
        differs = differs || x != c.next();
        sum += x;
    }
    EXPECT_TRUE(differs);
    EXPECT_NEAR(sum / 1'000, 0.5, 0.05);
}

TEST(Jitter, BacksOffBetweenHalfAndAll) {
    Jitter low(1, 0.0), high(1, 0.999999);
    for (int failures = 1; failures <= 40; ++failures) {
        const auto whole = failures < 8 ? milliseconds(100ll << (failures - 1)) : seconds(10);
        EXPECT_EQ(low.backoff(milliseconds(100), seconds(10), failures).ns, whole.ns / 2) << failures;
        EXPECT_LE(high.backoff(milliseconds(100), seconds(10), failures), whole) << failures;
    }
}

}  // namespace
}  // namespace mythos::protocol
