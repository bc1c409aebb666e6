#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace mythos {
namespace {

Result<int> half(int n) {
    if (n % 2 != 0) return Error{"odd", "give an even number"};
    return n / 2;
}

TEST(ResultTest, IsAValueOrAnError) {
    const auto four = half(8);
    ASSERT_TRUE(four.ok());
    EXPECT_EQ(*four, 4);
    const auto none = half(7);
    EXPECT_FALSE(none);
    EXPECT_EQ(none.error(), (Error{"odd", "give an even number"}));
}

TEST(ResultTest, AValueCanBeMovedOut) {
    Result<std::unique_ptr<int>> made(std::make_unique<int>(5));
    const auto taken = std::move(made).value();
    EXPECT_EQ(*taken, 5);
}

TEST(ResultTest, SuccessWithoutAValue) {
    EXPECT_TRUE(Result<void>().ok());
    const Result<void> failed = Error{"full", "try later"};
    EXPECT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, "full");
}

}  // namespace
}  // namespace mythos
