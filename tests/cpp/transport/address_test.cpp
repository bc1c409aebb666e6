#include "transport/address.hpp"

#include <gtest/gtest.h>

namespace mythos::transport {
namespace {

TEST(Address, ReadsHostAndPort) {
    EXPECT_EQ(parse_host_port("127.0.0.1:8000"), (HostPort{"127.0.0.1", 8000}));
    EXPECT_EQ(parse_host_port("[::1]:0"), (HostPort{"::1", 0}));
    EXPECT_EQ(parse_host_port("localhost:80"), (HostPort{"127.0.0.1", 80}));
}

TEST(Address, RefusesWhatIsNone) {
    for (const char* text : {"", "127.0.0.1", ":8000", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:x", "127.0.0.1:-1",
                             "::1:8000", "[]:8000", "127.0.0.1:80 "}) {
        EXPECT_FALSE(parse_host_port(text)) << text;
    }
}

TEST(Address, WritesWhatItReads) {
    EXPECT_EQ(format_host_port("127.0.0.1", 80), "127.0.0.1:80");
    EXPECT_EQ(format_host_port("::1", 80), "[::1]:80");
}

TEST(Address, KnowsLoopback) {
    EXPECT_TRUE(is_loopback_address("127.0.0.1"));
    EXPECT_TRUE(is_loopback_address("127.8.9.1"));
    EXPECT_TRUE(is_loopback_address("::1"));
    EXPECT_FALSE(is_loopback_address("0.0.0.0"));
    EXPECT_FALSE(is_loopback_address("::"));
    EXPECT_FALSE(is_loopback_address("192.0.2.1"));
}

}  // namespace
}  // namespace mythos::transport
