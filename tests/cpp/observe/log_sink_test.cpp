#include "observe/log_sink.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/manual_clock.hpp"
#include "observe/temporary.hpp"

namespace mythos::observe {
namespace {

using test::MemoryFile;
using test::read_file;
using test::TemporaryDirectory;

class LogSinkTest : public testing::Test {
protected:
    std::shared_ptr<LogSink> open(LogSettings settings) {
        settings.output = stream_.descriptor();
        settings.file = path_;
        return std::move(LogSink::open(settings, clock_).value());
    }
    // The log's thread writes when it gets to it.
    static void until(const std::function<bool()>& holds) {
        while (!holds()) std::this_thread::yield();
    }

    TemporaryDirectory directory_;
    const std::string path_ = directory_.path("mythos.log");
    MemoryFile stream_;
    ManualClock clock_;
};

TEST_F(LogSinkTest, WritesToTheStreamAndTheFileBeforeItEnds) {
    open({})->write("a line");
    EXPECT_EQ(stream_.content(), "a line\n");
    EXPECT_EQ(read_file(path_), "a line\n");
}

TEST_F(LogSinkTest, ChangesItsRotationAndCountsIt) {
    const auto sink = open({});
    sink->write("first");
    until([&] { return read_file(path_) == "first\n"; });
    sink->set_rotation({.bytes = 8, .keep = 3});
    sink->write("second");
    until([&] { return read_file(path_) == "second\n"; });
    EXPECT_EQ(sink->statistics().rotations, 1u);
}

TEST_F(LogSinkTest, TellsWhatAFullDiskDidNotTakeOnceItHasRoom) {
    const auto sink = open({.format = LogFormat::json});
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    // The stream is a file too, so that only the file's share of lines may be larger than the bound.
    sink->write("taken");
    until([&] { return read_file(path_) == "taken\n"; });
    std::filesystem::resize_file(path_, 100);
    const rlimit full{64, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    sink->write("lost to the file");
    until([&] { return sink->statistics().unwritten_file_bytes == 17; });
    setrlimit(RLIMIT_FSIZE, &before);
    sink->write("again");
    until([&] { return read_file(path_).find("\"unwritten_bytes_total\":17") != std::string::npos; });
    EXPECT_NE(read_file(path_).find("again\n{"), std::string::npos);
    EXPECT_NE(stream_.content().find("lost to the file\nagain\n{"), std::string::npos);
    EXPECT_EQ(sink->statistics().unwritten_stream_bytes, 0u);
    EXPECT_EQ(sink->statistics().dropped_lines, 0u);
}

TEST_F(LogSinkTest, RefusesAFileThatCannotBeOpened) {
    EXPECT_EQ(LogSink::open({.file = directory_.path("")}, clock_).error().code, "log_file");
}

}  // namespace
}  // namespace mythos::observe
