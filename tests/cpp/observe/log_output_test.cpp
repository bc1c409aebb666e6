#include "observe/log_output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "observe/temporary.hpp"

namespace mythos::observe {
namespace {

using test::MemoryFile;
using test::read_file;
using test::TemporaryDirectory;

TEST(LogOutput, WritesToTheStreamWhenFlushed) {
    MemoryFile stream;
    LogOutput output(stream.descriptor(), "");
    ASSERT_TRUE(output.open());
    output.append("one");
    output.append("two");
    EXPECT_EQ(stream.content(), "");
    output.flush();
    EXPECT_EQ(stream.content(), "one\ntwo\n");
}

TEST(LogOutput, WritesByItselfWhenMuchHasGathered) {
    MemoryFile stream;
    LogOutput output(stream.descriptor(), "");
    output.append(std::string(kLogWriteBytes, 'x'));
    EXPECT_EQ(stream.content().size(), kLogWriteBytes + 1);
}

TEST(LogOutput, FlushesAtItsEnd) {
    MemoryFile stream;
    { LogOutput(stream.descriptor(), "").append("last words"); }
    EXPECT_EQ(stream.content(), "last words\n");
}

TEST(LogOutput, AppendsToItsFileToo) {
    TemporaryDirectory directory;
    MemoryFile stream;
    const std::string path = directory.path("mythos.log");
    for (const char* line : {"first run", "second run"}) {
        LogOutput output(stream.descriptor(), path);
        ASSERT_TRUE(output.open());
        output.append(line);
    }
    EXPECT_EQ(read_file(path), "first run\nsecond run\n");
    EXPECT_EQ(stream.content(), "first run\nsecond run\n");
}

TEST(LogOutput, OpensItsFileAnewAfterARotation) {
    TemporaryDirectory directory;
    MemoryFile stream;
    const std::string path = directory.path("mythos.log");
    LogOutput output(stream.descriptor(), path);
    ASSERT_TRUE(output.open());
    output.append("before");
    output.flush();
    std::filesystem::rename(path, path + ".1");
    output.append("between");
    output.flush();
    output.reopen();
    output.append("after");
    output.flush();
    EXPECT_EQ(read_file(path + ".1"), "before\nbetween\n");
    EXPECT_EQ(read_file(path), "after\n");
}

TEST(LogOutput, GoesOnIntoTheOldFileWhereTheNewOneCannotBeOpened) {
    TemporaryDirectory directory;
    MemoryFile stream;
    std::filesystem::create_directory(directory.path("logs"));
    LogOutput output(stream.descriptor(), directory.path("logs/mythos.log"));
    ASSERT_TRUE(output.open());
    std::filesystem::rename(directory.path("logs"), directory.path("gone"));
    output.reopen();
    output.append("still here");
    output.flush();
    EXPECT_EQ(read_file(directory.path("gone/mythos.log")), "still here\n");
}

TEST(LogOutput, SaysWhichFileCannotBeOpened) {
    TemporaryDirectory directory;
    LogOutput output(1, directory.path("missing/mythos.log"));
    const auto opened = output.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "log_file");
    EXPECT_NE(opened.error().message.find("missing/mythos.log"), std::string::npos);
}

TEST(LogOutput, CountsWhatNobodyReads) {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    LogOutput output(ends[1], "");
    output.append("lost");
    output.flush();
    EXPECT_EQ(output.unwritten_bytes(), 5u);
    ::close(ends[1]);
}

TEST(LogOutput, WaitsForAStreamThatDoesNotBlock) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
    std::string received;
    std::thread reader([&] {
        ::fcntl(ends[0], F_SETFL, 0);
        char chunk[4096];
        for (ssize_t n = 1; n > 0;) {
            n = ::read(ends[0], chunk, sizeof chunk);
            received.append(chunk, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
        }
    });
    const std::string line(4 * kLogWriteBytes, 'x');
    {
        LogOutput output(ends[1], "");
        output.append(line);
        EXPECT_EQ(output.unwritten_bytes(), 0u);
    }
    ::close(ends[1]);
    reader.join();
    ::close(ends[0]);
    EXPECT_EQ(received, line + "\n");
}

}  // namespace
}  // namespace mythos::observe
