#include "observe/log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "base/manual_clock.hpp"
#include "observe/temporary.hpp"

namespace mythos::observe {
namespace {

using nlohmann::json;
using test::MemoryFile;

std::vector<json> parse_lines(const std::string& text) {
    std::vector<json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
    return lines;
}

class LogTest : public testing::Test {
protected:
    std::unique_ptr<Logging> open(LogSettings settings = {}) {
        settings.output = stream_.descriptor();
        return std::move(Logging::open(settings, clock_).value());
    }

    MemoryFile stream_;
    ManualClock clock_;
};

TEST_F(LogTest, WritesEverythingBeforeItEnds) {
    {
        auto logging = open();
        Log& log = logging->named("server.realtime");
        log.info("WebSocket connected", {{"player_id", "p1"}, {"establishment_time_ms", 1.5}});
        log.error("Loop failed", {{"error_type", "OutOfMemory"}});
    }
    const auto lines = parse_lines(stream_.content());
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0]["timestamp"], format_timestamp(clock_.wall()));
    EXPECT_EQ(lines[0]["level"], "info");
    EXPECT_EQ(lines[0]["logger"], "server.realtime");
    EXPECT_EQ(lines[0]["event"], "WebSocket connected");
    EXPECT_EQ(lines[0]["player_id"], "p1");
    EXPECT_EQ(lines[0]["establishment_time_ms"], 1.5);
    EXPECT_EQ(lines[1]["level"], "error");
    EXPECT_EQ(lines[1]["error_type"], "OutOfMemory");
}

TEST_F(LogTest, LeavesOutWhatIsBelowTheLevelWhichCanChange) {
    {
        auto logging = open({.level = Level::warning});
        Log& log = logging->named("server");
        EXPECT_FALSE(log.enabled(Level::info));
        log.info("too quiet");
        log.warning("loud enough");
        logging->set_level(Level::debug);
        log.debug("now heard");
    }
    const auto lines = parse_lines(stream_.content());
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0]["event"], "loud enough");
    EXPECT_EQ(lines[1]["event"], "now heard");
}

TEST_F(LogTest, GivesTheSameLoggerForTheSameName) {
    auto logging = open();
    EXPECT_EQ(&logging->named("server.api"), &logging->named("server.api"));
    EXPECT_NE(&logging->named("server.api"), &logging->named("server"));
}

TEST_F(LogTest, WritesForPeopleToo) {
    { open({.format = LogFormat::console})->named("server").critical("Stopping", {{"reason", "disk full"}}); }
    EXPECT_EQ(stream_.content(),
              format_timestamp(clock_.wall()) + " critical server  Stopping  reason=\"disk full\"\n");
}

TEST_F(LogTest, KeepsLinesOfSeveralThreadsWhole) {
    constexpr int kThreads = 4, kLines = 500;
    {
        auto logging = open();
        std::vector<std::thread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&logging, t] {
                Log& log = logging->named("server.realtime");
                for (int i = 0; i < kLines; ++i) log.info("line", {{"thread", t}, {"i", i}});
            });
        }
        for (auto& thread : threads) thread.join();
    }
    std::vector<int> next(kThreads, 0);
    for (const json& line : parse_lines(stream_.content())) {
        EXPECT_EQ(line["i"], next[line["thread"].get<std::size_t>()]++);
    }
    EXPECT_EQ(next, std::vector<int>(kThreads, kLines));
}

TEST_F(LogTest, RefusesAFileThatCannotBeOpened) {
    test::TemporaryDirectory directory;
    EXPECT_EQ(Logging::open({.file = directory.path("")}, clock_).error().code, "log_file");
}

TEST_F(LogTest, OpensItsFileAnew) {
    test::TemporaryDirectory directory;
    const std::string path = directory.path("mythos.log");
    {
        auto logging = open({.file = path});
        std::filesystem::rename(path, path + ".1");
        logging->sink().reopen();
        logging->named("server").info("after the rotation");
    }
    EXPECT_EQ(parse_lines(test::read_file(path)).size(), 1u);
}

TEST_F(LogTest, CountsItsLinesByLevel) {
    auto logging = open({.level = Level::info});
    logging->named("server").info("one");
    logging->named("server").info("two");
    logging->named("server").debug("left out");
    EXPECT_EQ(logging->lines(Level::info), 2u);
    EXPECT_EQ(logging->lines(Level::debug), 0u);
}

TEST_F(LogTest, SharesASinkWithOneOfAnotherLevelAndForm) {
    {
        auto logging = open();
        Logging other(LogSink::open({.output = stream_.descriptor()}, clock_).value(), Level::debug, LogFormat::console,
                      clock_);
        EXPECT_EQ(&logging->named("server").named("server.api"), &logging->named("server.api"));
        other.named("server").debug("for people");
    }
    EXPECT_NE(stream_.content().find("debug    server  for people"), std::string::npos);
}

// Nobody reads the pipe, so the log's thread stands still after a pipe and a write's worth of lines.
TEST(LogOverrun, DropsTheOldestCountsThemAndSaysSoWhenItRecovers) {
    constexpr std::uint64_t kLines = 1000;
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ManualClock clock;
    auto logging = std::move(Logging::open({.output = ends[1], .queue_lines = 8}, clock).value());
    Log& log = logging->named("server");
    const std::string padding(1000, 'x');
    for (std::uint64_t i = 0; i < kLines; ++i) log.info("line", {{"i", i}, {"padding", padding}});
    EXPECT_GT(logging->sink().statistics().dropped_lines, 0u);

    std::string received;
    std::thread reader([&] {
        char chunk[65536];
        for (ssize_t n = 0; (n = ::read(ends[0], chunk, sizeof chunk)) > 0;) {
            received.append(chunk, static_cast<std::size_t>(n));
        }
    });
    const std::uint64_t dropped = logging->sink().statistics().dropped_lines;
    logging.reset();
    ::close(ends[1]);
    reader.join();
    ::close(ends[0]);

    std::uint64_t written = 0, reported = 0, last = 0;
    for (const json& line : parse_lines(received)) {
        if (line["event"] == "line") {
            ++written;
            last = line["i"];
            continue;
        }
        EXPECT_EQ(line["level"], "warning");
        reported += line["dropped"].get<std::uint64_t>();
        EXPECT_EQ(line["dropped_total"], reported);
    }
    EXPECT_EQ(written + dropped, kLines);
    EXPECT_EQ(reported, dropped);
    EXPECT_EQ(last, kLines - 1);
}

}  // namespace
}  // namespace mythos::observe
