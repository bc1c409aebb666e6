#include "protocol/close_info.hpp"

#include <gtest/gtest.h>

namespace mythos::protocol {
namespace {

AfterClose after_code(int code) { return after_close({code, 0, "", std::nullopt}); }
AfterClose after_status(int status) { return after_close({0, status, "", std::nullopt}); }

TEST(CloseInfo, DecidesByTheTableOfCodes) {
    EXPECT_EQ(after_code(0), AfterClose::retry_soon);
    EXPECT_EQ(after_code(1001), AfterClose::retry_soon);
    EXPECT_EQ(after_code(1006), AfterClose::retry_soon);
    EXPECT_EQ(after_code(4004), AfterClose::retry_soon);
    EXPECT_EQ(after_code(4005), AfterClose::retry_soon);
    EXPECT_EQ(after_code(1008), AfterClose::retry_later);
    EXPECT_EQ(after_code(1011), AfterClose::retry_later);
    EXPECT_EQ(after_code(1013), AfterClose::retry_later);
    EXPECT_EQ(after_code(4001), AfterClose::session_replaced);
    EXPECT_EQ(after_code(4002), AfterClose::refused);
    EXPECT_EQ(after_code(4003), AfterClose::barred);
}

TEST(CloseInfo, AStatusGoesBeforeACode) {
    EXPECT_EQ(after_close({4001, 204, "", std::nullopt}), AfterClose::barred);
    EXPECT_EQ(after_status(401), AfterClose::refused);
    EXPECT_EQ(after_status(409), AfterClose::session_replaced);
    for (int status : {400, 403, 404, 421, 429, 500, 502, 503})
        EXPECT_EQ(after_status(status), AfterClose::retry_later);
}

}  // namespace
}  // namespace mythos::protocol
