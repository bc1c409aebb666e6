#include "observe/log_output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace mythos::observe {

LogOutput::~LogOutput() {
    flush();
    if (file_ >= 0) ::close(file_);
}

Result<void> LogOutput::open() {
    if (path_.empty()) return {};
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (file < 0) {
        return Error{"log_file", "cannot append to the log file " + path_ + ": " +
                                     std::generic_category().message(errno) + "; check log.file and its directory"};
    }
    if (file_ >= 0) ::close(file_);
    file_ = file;
    return {};
}

void LogOutput::append(std::string_view line) {
    gathered_.append(line).append(1, '\n');
    if (gathered_.size() >= kLogWriteBytes) flush();
}

void LogOutput::flush() {
    // A file that cannot be opened anew leaves the old one in use: better a rotated file than no log.
    if (reopen_.exchange(false)) (void)open();
    write_all(stream_);
    if (file_ >= 0) write_all(file_);
    gathered_.clear();
}

void LogOutput::write_all(int descriptor) {
    std::string_view left = gathered_;
    while (!left.empty()) {
        const ssize_t written = ::write(descriptor, left.data(), left.size());
        if (written >= 0) {
            left.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // Somebody made the stream non-blocking; this thread may wait, those who log do not.
            pollfd wait{descriptor, POLLOUT, 0};
            ::poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            unwritten_.fetch_add(left.size(), std::memory_order_relaxed);
            return;
        }
    }
}

}  // namespace mythos::observe
