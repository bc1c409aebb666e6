#include "server/signals.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace mythos::server {
namespace {

TEST(Signals, WaitsForWhatAProcessIsTold) {
    Signals signals;
    EXPECT_EQ(signals.wait(milliseconds(0)), std::nullopt);
    raise(SIGHUP);
    EXPECT_EQ(signals.wait(), Signal::hang_up);
    raise(SIGTERM);
    EXPECT_EQ(signals.wait(), Signal::terminate);
    raise(SIGINT);
    EXPECT_EQ(signals.wait(), Signal::terminate);
    raise(SIGPIPE);
    EXPECT_EQ(signals.wait(milliseconds(0)), std::nullopt);
}

}  // namespace
}  // namespace mythos::server
