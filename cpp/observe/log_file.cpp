#include "observe/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace mythos::observe {
namespace {

Error cannot_open(const std::string& path, int why) {
    return {"log_file", "cannot append to the log file " + path + ": " + std::generic_category().message(why) +
                            "; check log.file and its directory, or set log.file to nothing for no file"};
}

// When the file was made, where the filesystem knows.
WallTime made_at(int file, WallTime otherwise) {
    struct statx known {};
    if (::statx(file, "", AT_EMPTY_PATH, STATX_BTIME, &known) != 0 || (known.stx_mask & STATX_BTIME) == 0)
        return otherwise;
    return {known.stx_btime.tv_sec * 1'000'000'000 + known.stx_btime.tv_nsec};
}

}  // namespace

LogFile::LogFile(std::string path, LogRotation rotation, const Clock& clock)
    : path_(std::move(path)),
      clock_(clock),
      rotate_bytes_(rotation.bytes),
      rotate_age_ns_(rotation.age.ns),
      keep_(rotation.keep),
      archive_(path_) {}

LogFile::~LogFile() {
    if (file_ >= 0) ::close(file_);
}

void LogFile::set_rotation(LogRotation rotation) {
    rotate_bytes_.store(rotation.bytes);
    rotate_age_ns_.store(rotation.age.ns);
    keep_.store(rotation.keep);
}

Result<void> LogFile::open() {
    if (const auto directory = std::filesystem::path(path_).parent_path(); !directory.empty()) {
        std::error_code failed;
        std::filesystem::create_directories(directory, failed);
        if (failed) return cannot_open(path_, failed.value());
    }
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (file < 0) return cannot_open(path_, errno);
    if (file_ >= 0) ::close(file_);
    file_ = file;
    struct stat known {};
    size_ = ::fstat(file_, &known) == 0 ? static_cast<std::uint64_t>(known.st_size) : 0;
    // How old it was is the wall clock's to say, how old it becomes is not: that one may be stepped.
    const std::int64_t age = size_ > 0 ? clock_.wall().ns - made_at(file_, clock_.wall()).ns : 0;
    begun_ = clock_.mono() - Duration{std::max<std::int64_t>(age, 0)};
    cut_ = false;
    archive_.tend(keep_.load());
    return {};
}

bool LogFile::is_due(std::size_t more) const {
    if (size_ == 0) return false;
    const std::uint64_t bytes = rotate_bytes_.load(std::memory_order_relaxed);
    const std::int64_t age = rotate_age_ns_.load(std::memory_order_relaxed);
    return (bytes > 0 && size_ + more > bytes) || (age > 0 && clock_.mono() - begun_ >= Duration{age});
}

bool LogFile::is_where_it_was() const {
    struct stat ours {
    }, there{};
    return ::fstat(file_, &ours) == 0 && ::stat(path_.c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
           ours.st_ino == there.st_ino;
}

void LogFile::rotate() {
    if (is_where_it_was()) {
        if (::rename(path_.c_str(), archive_.next_name(clock_.wall()).c_str()) != 0) return;
        rotations_.fetch_add(1, std::memory_order_relaxed);
    }
    if (!open()) reopen();  // into the old one, wherever it is now, until there can be a new one
}

void LogFile::write(std::string_view lines) {
    if (lines.empty() || file_ < 0) return;
    if (reopen_.exchange(false)) (void)open();
    if (is_due(lines.size())) rotate();
    if (cut_) cut_ = append("\n") == 0;
    const std::size_t taken = cut_ ? 0 : append(lines);
    size_ += taken;
    well_ = taken == lines.size();
    if (well_) return;
    unwritten_.fetch_add(lines.size() - taken, std::memory_order_relaxed);
    if (taken > 0) cut_ = lines[taken - 1] != '\n';
}

std::size_t LogFile::append(std::string_view bytes) {
    std::string_view left = bytes;
    while (!left.empty()) {
        const ssize_t written = ::write(file_, left.data(), left.size());
        if (written >= 0)
            left.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR)
            break;
    }
    return bytes.size() - left.size();
}

}  // namespace mythos::observe
