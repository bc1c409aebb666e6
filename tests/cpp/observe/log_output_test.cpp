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
    LogOutput output(stream.descriptor());
    output.append("one");
    output.append("two");
    EXPECT_EQ(stream.content(), "");
    output.flush();
    EXPECT_EQ(stream.content(), "one\ntwo\n");
}

TEST(LogOutput, WritesByItselfWhenMuchHasGathered) {
    MemoryFile stream;
    LogOutput output(stream.descriptor());
    output.append(std::string(kLogWriteBytes, 'x'));
    EXPECT_EQ(stream.content().size(), kLogWriteBytes + 1);
}

TEST(LogOutput, FlushesAtItsEnd) {
    MemoryFile stream;
    { LogOutput(stream.descriptor()).append("last words"); }
    EXPECT_EQ(stream.content(), "last words\n");
}

TEST(LogOutput, AppendsToItsFileToo) {
    TemporaryDirectory directory;
    MemoryFile stream;
    const SystemClock clock;
    const std::string path = directory.path("mythos.log");
    for (const char* line : {"first run", "second run"}) {
        auto file = std::make_unique<LogFile>(path, LogRotation{}, clock);
        ASSERT_TRUE(file->open());
        LogOutput(stream.descriptor(), std::move(file)).append(line);
    }
    EXPECT_EQ(read_file(path), "first run\nsecond run\n");
    EXPECT_EQ(stream.content(), "first run\nsecond run\n");
}

TEST(LogOutput, CountsWhatNobodyReads) {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    LogOutput output(ends[1]);
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
        LogOutput output(ends[1]);
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
