#include "monitor/process_usage.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <vector>

namespace mythos::monitor {
namespace {

TEST(ProcessUsageTest, SeesWhatThisProcessDoes) {
    const ProcessUsage before = process_usage();
    ASSERT_TRUE(before.cpu_seconds && before.resident_bytes && before.open_descriptors && before.start_epoch_seconds);

    std::vector<char> touched(std::size_t{32} << 20, 1);
    const int descriptor = open("/dev/null", O_RDONLY);
    ASSERT_GE(descriptor, 0);
    ProcessUsage after = process_usage();
    EXPECT_EQ(*after.open_descriptors, *before.open_descriptors + 1);
    EXPECT_GE(*after.resident_bytes, *before.resident_bytes + (std::size_t{24} << 20));
    close(descriptor);
    EXPECT_EQ(touched.back(), 1);

    while (*after.cpu_seconds <= *before.cpu_seconds) after = process_usage();
    EXPECT_EQ(after.start_epoch_seconds, before.start_epoch_seconds);
    const std::chrono::duration<double> epoch = std::chrono::system_clock::now().time_since_epoch();
    EXPECT_LE(*before.start_epoch_seconds, epoch.count() + 1);
    EXPECT_GT(*before.start_epoch_seconds, epoch.count() - 3'600);
}

TEST(ProcessUsageTest, TellsMemoryAndTimeByThemselves) {
    EXPECT_GT(*resident_bytes(), std::size_t{1} << 20);
    EXPECT_GT(cpu_seconds(), 0);
}

}  // namespace
}  // namespace mythos::monitor
