#include "observe/log_archive.hpp"

#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>

#include "observe/log_line.hpp"

namespace mythos::observe {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCompressed = ".gz";
constexpr std::string_view kUnfinished = ".part";
constexpr int kLowestPriority = 19;

// `20261123T101500.123456Z`
bool is_stamp(std::string_view text) {
    constexpr std::string_view kForm = "00000000T000000.000000Z";
    const auto fits = [](char form, char c) { return form == '0' ? c >= '0' && c <= '9' : c == form; };
    return std::ranges::equal(kForm, text, fits);
}

std::string stamp_of(WallTime time) {
    std::string stamp = format_timestamp(time);
    std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
    return stamp;
}

}  // namespace

std::vector<std::string> rotated_files(const std::string& path) {
    const fs::path current(path);
    const std::string begin = current.filename().string() + ".";
    std::vector<std::string> found;
    std::error_code failed;
    const fs::path directory = current.has_parent_path() ? current.parent_path() : fs::path(".");
    for (fs::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed)) {
        const std::string name = at->path().filename().string();
        if (!name.starts_with(begin)) continue;
        std::string_view stamp = std::string_view(name).substr(begin.size());
        if (stamp.ends_with(kCompressed)) stamp.remove_suffix(kCompressed.size());
        if (is_stamp(stamp)) found.push_back((current.parent_path() / name).string());
    }
    std::ranges::sort(found);
    return found;
}

bool compress_file(const std::string& file, const std::atomic<bool>& stop) {
    const std::string done = file + std::string(kCompressed);
    const std::string unfinished = done + std::string(kUnfinished);
    std::ifstream from(file, std::ios::binary);
    gzFile to = ::gzopen(unfinished.c_str(), "wb");
    bool well = from.is_open() && to != nullptr;
    std::array<char, 65'536> piece;
    while (well && !stop && from) {
        from.read(piece.data(), piece.size());
        const auto count = static_cast<unsigned>(from.gcount());
        well = count == 0 || ::gzwrite(to, piece.data(), count) == static_cast<int>(count);
    }
    well = (to == nullptr || ::gzclose(to) == Z_OK) && well && !stop && !from.bad();
    std::error_code failed;
    if (well) fs::rename(unfinished, done, failed);
    if (!well || failed) {
        fs::remove(unfinished, failed);
        return false;
    }
    fs::remove(file, failed);
    return true;
}

LogArchive::~LogArchive() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    asked_.notify_one();
    thread_.join();
}

std::string LogArchive::next_name(WallTime now) {
    now = std::max(now, WallTime{last_.ns + 1'000});
    for (;; now.ns += 1'000) {
        const std::string name = path_ + "." + stamp_of(now);
        std::error_code failed;
        last_ = now;
        if (!fs::exists(name, failed) && !fs::exists(name + std::string(kCompressed), failed)) return name;
    }
}

void LogArchive::tend(std::size_t keep) {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
        keep_ = keep;
    }
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    asked_.notify_one();
}

void LogArchive::run() {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLowestPriority);
    std::unique_lock lock(mutex_);
    for (;;) {
        asked_.wait(lock, [this] { return ends_ || wanted_; });
        if (ends_) return;
        wanted_ = false;
        const std::size_t keep = keep_;
        lock.unlock();
        std::vector<std::string> files = rotated_files(path_);
        // The oldest first: where the disk is full, compressing needs the room.
        const auto kept = files.size() > keep ? files.end() - static_cast<std::ptrdiff_t>(keep) : files.begin();
        std::error_code failed;
        std::for_each(files.begin(), kept, [&](const std::string& file) { fs::remove(file, failed); });
        std::for_each(kept, files.end(), [this](const std::string& file) {
            if (!file.ends_with(kCompressed)) compress_file(file, ends_);
        });
        lock.lock();
    }
}

}  // namespace mythos::observe
