#include "transport/authenticate.hpp"

#include <gtest/gtest.h>

namespace mythos::transport {
namespace {

TEST(Authenticate, WithoutItWhoeverNamesAPlayerIsThatPlayer) {
    const Authenticate authenticate = authenticate_none();
    Credentials credentials;
    credentials.named_player = "p1";
    credentials.bearer = "ignored";
    EXPECT_EQ(authenticate(credentials).value(), "p1");
    EXPECT_EQ(authenticate(Credentials{}).error().code, "bad_name");
}

}  // namespace
}  // namespace mythos::transport
