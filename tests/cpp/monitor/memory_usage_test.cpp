#include "monitor/memory_usage.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "observe/temporary.hpp"

namespace mythos::monitor {
namespace {

class MemoryUsageTest : public testing::Test {
protected:
    // Files below a directory that stands for what the kernel shows.
    void write(const std::string& name, const std::string& text) {
        const std::filesystem::path path = root_.path(name);
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    std::optional<MemoryUsage> look() { return group_memory_usage({root_.path("cgroup"), root_.path("own")}); }

    test::TemporaryDirectory root_;
};

TEST_F(MemoryUsageTest, OfAGroupOfVersion2WithoutWhatCanBeGivenBack) {
    write("own", "0::/game.slice/mythos.service\n");
    write("cgroup/game.slice/mythos.service/memory.max", "1000000\n");
    write("cgroup/game.slice/mythos.service/memory.current", "900000\n");
    write("cgroup/game.slice/mythos.service/memory.stat", "anon 1\ninactive_file 400000\nactive_file 3\n");
    write("cgroup/game.slice/memory.max", "max\n");
    const auto usage = look();
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->used_bytes, 500'000u);
    EXPECT_EQ(usage->total_bytes, 1'000'000u);
    EXPECT_TRUE(usage->limited);
    EXPECT_DOUBLE_EQ(usage->percent(), 50);
}

TEST_F(MemoryUsageTest, TheLimitThatIsNearestCounts) {
    write("own", "0::/game/mythos\n");
    write("cgroup/game/mythos/memory.max", "1000\n");
    write("cgroup/game/mythos/memory.current", "500\n");
    write("cgroup/game/memory.max", "2000\n");
    write("cgroup/game/memory.current", "1900\n");
    EXPECT_EQ(look()->total_bytes, 2'000u);
}

TEST_F(MemoryUsageTest, OfAGroupOfVersion1) {
    write("own", "12:cpu,cpuacct:/x\n9:memory:/docker/abc\n0::/ignored\n");
    write("cgroup/memory/docker/abc/memory.limit_in_bytes", "4000\n");
    write("cgroup/memory/docker/abc/memory.usage_in_bytes", "1000\n");
    write("cgroup/memory/docker/abc/memory.stat", "total_inactive_file 200\n");
    write("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("cgroup/memory/memory.usage_in_bytes", "1000\n");
    EXPECT_EQ(look()->used_bytes, 800u);
    EXPECT_EQ(look()->total_bytes, 4'000u);
}

TEST_F(MemoryUsageTest, AContainerSeesItsGroupAtTheRoot) {
    write("own", "9:memory:/docker/outside\n");
    write("cgroup/memory/memory.limit_in_bytes", "4000\n");
    write("cgroup/memory/memory.usage_in_bytes", "1000\n");
    EXPECT_EQ(look()->total_bytes, 4'000u);
}

TEST_F(MemoryUsageTest, WithoutALimitItIsTheProcesssOfTheMachines) {
    EXPECT_FALSE(look()) << "there are no groups at all";
    write("own", "0::/\n");
    write("cgroup/memory.max", "max\n");
    write("cgroup/memory.current", "5\n");
    EXPECT_FALSE(look());
    const auto usage = memory_usage({root_.path("cgroup"), root_.path("own")});
    ASSERT_TRUE(usage);
    EXPECT_FALSE(usage->limited);
    EXPECT_GT(usage->used_bytes, 1'000'000u);
    EXPECT_GT(usage->total_bytes, usage->used_bytes);
}

}  // namespace
}  // namespace mythos::monitor
