#include "observe/log_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "base/manual_clock.hpp"
#include "observe/temporary.hpp"

namespace mythos::observe {
namespace {

using test::read_file;
using test::TemporaryDirectory;

class LogFileTest : public testing::Test {
protected:
    std::unique_ptr<LogFile> open(LogRotation rotation = {}) {
        auto file = std::make_unique<LogFile>(path_, rotation, clock_);
        EXPECT_TRUE(file->open());
        return file;
    }
    // What the rotated files hold, oldest first, however far their compression is.
    std::vector<std::string> rotated() { return rotated_files(path_); }

    TemporaryDirectory directory_;
    const std::string path_ = directory_.path("logs/mythos.log");
    ManualClock clock_;
};

TEST_F(LogFileTest, MakesItsDirectory) {
    open()->write("line\n");
    EXPECT_EQ(read_file(path_), "line\n");
}

TEST_F(LogFileTest, SaysWhichFileCannotBeOpened) {
    for (const std::string& path : {directory_.path(""), std::string("/proc/none/mythos.log")}) {
        const auto opened = LogFile(path, {}, clock_).open();
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, "log_file");
        EXPECT_NE(opened.error().message.find(path), std::string::npos);
        EXPECT_NE(opened.error().message.find("log.file"), std::string::npos);
    }
}

TEST_F(LogFileTest, RotatesBeforeItGrowsBeyondItsBound) {
    const auto file = open({.bytes = 8, .keep = 9});
    file->write("four\n");
    EXPECT_EQ(rotated().size(), 0u);
    file->write("more\n");
    EXPECT_EQ(rotated().size(), 1u);
    EXPECT_EQ(read_file(path_), "more\n");
    EXPECT_EQ(file->rotations(), 1u);
}

TEST_F(LogFileTest, KnowsHowLargeItWasAtTheLastStart) {
    open()->write("from before\n");
    open({.bytes = 16, .keep = 9})->write("and now\n");
    EXPECT_EQ(rotated().size(), 1u);
    EXPECT_EQ(read_file(path_), "and now\n");
}

TEST_F(LogFileTest, RotatesWhenItIsOld) {
    const auto file = open({.age = seconds(60), .keep = 9});
    file->write("one\n");
    clock_.advance(seconds(59));
    file->write("two\n");
    EXPECT_EQ(rotated().size(), 0u);
    clock_.advance(seconds(1));
    file->write("three\n");
    EXPECT_EQ(rotated().size(), 1u);
    EXPECT_EQ(read_file(path_), "three\n");
}

TEST_F(LogFileTest, AStepOfTheClockMakesItNeitherOldNorYoung) {
    const auto file = open({.age = seconds(60), .keep = 9});
    file->write("one\n");
    clock_.step_wall(seconds(36'000));
    file->write("two\n");
    EXPECT_EQ(rotated().size(), 0u);
    clock_.step_wall(seconds(-72'000));
    clock_.advance(seconds(60));
    file->write("three\n");
    EXPECT_EQ(rotated().size(), 1u);
    EXPECT_EQ(read_file(path_), "three\n");
}

TEST_F(LogFileTest, ItsBoundsChangeWhileItIsOpen) {
    const auto file = open({.keep = 9});
    file->write("a long line for a start\n");
    file->set_rotation({.bytes = 10, .keep = 9});
    file->write("short\n");
    EXPECT_EQ(read_file(path_), "short\n");
}

TEST_F(LogFileTest, LosesNoLineOverManyRotationsAtOneTime) {
    {
        const auto file = open({.bytes = 3, .keep = 50});
        for (int i = 0; i < 20; ++i) file->write(std::to_string(i) + "\n");
        EXPECT_EQ(file->rotations(), 19u);
    }
    EXPECT_EQ(rotated().size(), 19u);
}

TEST_F(LogFileTest, OpensItAnewAfterARotationByOthers) {
    const auto file = open();
    file->write("before\n");
    std::filesystem::rename(path_, path_ + ".1");
    file->write("between\n");
    file->reopen();
    file->write("after\n");
    EXPECT_EQ(read_file(path_ + ".1"), "before\nbetween\n");
    EXPECT_EQ(read_file(path_), "after\n");
}

TEST_F(LogFileTest, DoesNotMoveAFileThatIsAnothers) {
    const auto file = open({.bytes = 8, .keep = 9});
    file->write("mine\n");
    std::filesystem::rename(path_, path_ + ".1");
    LogFile other(path_, {}, clock_);
    ASSERT_TRUE(other.open());
    other.write("theirs\n");
    file->write("also mine\n");
    EXPECT_EQ(rotated().size(), 0u);
    EXPECT_EQ(read_file(path_), "theirs\nalso mine\n");
}

TEST_F(LogFileTest, GoesOnIntoTheOldFileWhereTheNewOneCannotBeOpened) {
    const auto file = open();
    std::filesystem::rename(directory_.path("logs"), directory_.path("gone"));
    std::filesystem::create_directories(path_);  // a directory of that name
    file->reopen();
    file->write("still here\n");
    EXPECT_EQ(read_file(directory_.path("gone/mythos.log")), "still here\n");
}

// A bound on the file's size stands for a full disk: what does not fit fails, a part of it may be taken.
class FullDisk {
public:
    explicit FullDisk(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit now{bytes, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

TEST_F(LogFileTest, CountsWhatAFullDiskDoesNotTakeAndGoesOnWhenThereIsRoom) {
    const auto file = open();
    {
        const FullDisk full(12);
        file->write("fits\n");
        EXPECT_TRUE(file->is_well());
        file->write("is cut short\n");
        EXPECT_FALSE(file->is_well());
        EXPECT_EQ(file->unwritten_bytes(), 6u);
        file->write("lost\n");
        EXPECT_EQ(file->unwritten_bytes(), 11u);
    }
    file->write("whole again\n");
    EXPECT_TRUE(file->is_well());
    EXPECT_EQ(read_file(path_), "fits\nis cut \nwhole again\n");
    EXPECT_EQ(file->unwritten_bytes(), 11u);
}

}  // namespace
}  // namespace mythos::observe
