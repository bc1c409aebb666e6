#include "observe/log_archive.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <thread>

#include "observe/temporary.hpp"

namespace mythos::observe {
namespace {

using test::read_file;
using test::TemporaryDirectory;

constexpr WallTime kTime{1'764'000'000'123'456'789};
constexpr std::string_view kStamp = "20251124T160000.123456Z";

void write_file(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

std::string unzipped(const std::string& path) {
    std::string text(1'000'000, '\0');
    gzFile file = ::gzopen(path.c_str(), "rb");
    text.resize(static_cast<std::size_t>(::gzread(file, text.data(), static_cast<unsigned>(text.size()))));
    ::gzclose(file);
    return text;
}

class LogArchiveTest : public testing::Test {
protected:
    std::string rotated(int n) { return path_ + ".2025112" + std::to_string(n) + "T160000.123456Z"; }
    // Waits for what the archive's thread makes of the files.
    void until(const std::function<bool(const std::vector<std::string>&)>& holds) {
        while (!holds(rotated_files(path_))) std::this_thread::yield();
    }

    TemporaryDirectory directory_;
    const std::string path_ = directory_.path("mythos.log");
};

TEST_F(LogArchiveTest, NamesAFileByItsTimeAndNoTwoAlike) {
    LogArchive archive(path_);
    const std::string name = archive.next_name(kTime);
    EXPECT_EQ(name, path_ + "." + std::string(kStamp));
    write_file(name + ".gz", "");
    EXPECT_EQ(archive.next_name(kTime), path_ + ".20251124T160000.123457Z");
    EXPECT_EQ(archive.next_name({kTime.ns - seconds(3'600).ns}), path_ + ".20251124T160000.123458Z")
        << "later, though the clock was set back";
}

TEST_F(LogArchiveTest, KnowsItsFilesAndNoOthers) {
    for (const std::string& name : {rotated(2), rotated(1) + ".gz", path_, path_ + ".1", path_ + ".20251124",
                                    rotated(3) + ".gz.part", directory_.path("other.log.20251124T160000.123456Z")})
        write_file(name, "");
    EXPECT_EQ(rotated_files(path_), (std::vector{rotated(1) + ".gz", rotated(2)}));
    EXPECT_EQ(rotated_files(directory_.path("none/mythos.log")), std::vector<std::string>{});
}

TEST_F(LogArchiveTest, CompressesAFile) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "{\"line\":" + std::to_string(i) + "}\n";
    write_file(rotated(1), text);
    EXPECT_TRUE(compress_file(rotated(1), false));
    EXPECT_EQ(unzipped(rotated(1) + ".gz"), text);
    EXPECT_FALSE(std::filesystem::exists(rotated(1)));
}

TEST_F(LogArchiveTest, LeavesAFileAsItIsThatItCannotCompress) {
    EXPECT_FALSE(compress_file(rotated(1), false));
    write_file(rotated(1), "text");
    EXPECT_FALSE(compress_file(rotated(1), true));
    EXPECT_EQ(read_file(rotated(1)), "text");
    std::filesystem::create_directory(rotated(1) + ".gz.part");
    EXPECT_FALSE(compress_file(rotated(1), false));
    EXPECT_EQ(read_file(rotated(1)), "text");
}

TEST_F(LogArchiveTest, KeepsTheNewestCompressed) {
    for (int n = 1; n <= 5; ++n) write_file(rotated(n), std::to_string(n));
    LogArchive archive(path_);
    archive.tend(2);
    const std::vector kept{rotated(4) + ".gz", rotated(5) + ".gz"};
    until([&](const auto& files) { return files == kept; });
    EXPECT_EQ(unzipped(kept[1]), "5");
    write_file(rotated(6), "6");
    archive.tend(1);
    until([&](const auto& files) { return files == std::vector{rotated(6) + ".gz"}; });
}

}  // namespace
}  // namespace mythos::observe
