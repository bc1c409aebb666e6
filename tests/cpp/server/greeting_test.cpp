#include "server/greeting.hpp"

#include <gtest/gtest.h>

namespace mythos::server {
namespace {

TEST(Greeting, NamesAddressesAndThreeCommands) {
    const std::string text = greeting("127.0.0.1", 8123);
    for (const char* part :
         {"http://127.0.0.1:8123/", "ws://127.0.0.1:8123/ws/", "\n  curl -N http://127.0.0.1:8123/sse/ann\n",
          "/api/publish\n", "\n  curl http://127.0.0.1:8123/api/connections/ann\n"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part;
    }
    EXPECT_NE(greeting("::1", 1).find("http://[::1]:1/"), std::string::npos);
    EXPECT_NE(greeting("0.0.0.0", 1).find("http://127.0.0.1:1/"), std::string::npos) << "an address that one can open";
}

}  // namespace
}  // namespace mythos::server
